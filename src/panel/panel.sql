/*
 * panel.sql: one picture of a workspace that marketing and sales open together,
 * as a specification of Vega-Lite with its data inside.
 *
 * panel_words has what the panel says of its own, panel_data asks the reports,
 * and panel draws the charts from both.  A chart is a template in which "@word"
 * stands for the word; what users typed comes in by the data only.
 */

CREATE FUNCTION leadflow.panel_words(language text) RETURNS jsonb
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET standard_conforming_strings = on
    AS $$
DECLARE
    spoken text := language;
    words jsonb;
BEGIN
    IF language IS NULL OR language NOT IN ('en', 'pl', 'ru', 'zh') THEN
        RAISE EXCEPTION 'unknown language "%"', language
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Choose en, pl, ru or zh.';
    END IF;
    -- other encodings do not have all the letters
    IF pg_catalog.getdatabaseencoding() <> 'UTF8' THEN
        spoken := 'en';
    END IF;

    SELECT pg_catalog.jsonb_object_agg(w.word, CASE spoken WHEN 'pl' THEN w.pl::jsonb WHEN 'ru' THEN w.ru::jsonb WHEN 'zh' THEN w.zh::jsonb
                                               ELSE pg_catalog.to_jsonb(w.en) END)
    INTO words
    FROM (VALUES
        ('title', 'The shared panel of marketing and sales', '"Wsp\u00f3lny panel marketingu i sprzeda\u017cy"', '"\u041e\u0431\u0449\u0430\u044f \u043f\u0430\u043d\u0435\u043b\u044c \u043c\u0430\u0440\u043a\u0435\u0442\u0438\u043d\u0433\u0430 \u0438 \u043f\u0440\u043e\u0434\u0430\u0436"', '"\u5e02\u573a\u4e0e\u9500\u552e\u5171\u4eab\u770b\u677f"'),
        ('as_of', 'As of', '"Stan na"', '"\u041f\u043e \u0441\u043e\u0441\u0442\u043e\u044f\u043d\u0438\u044e \u043d\u0430"', '"\u622a\u81f3"'),
        ('nothing', 'There is nothing here yet.', '"Jeszcze nic tu nie ma."', '"\u0417\u0434\u0435\u0441\u044c \u043f\u043e\u043a\u0430 \u043d\u0438\u0447\u0435\u0433\u043e \u043d\u0435\u0442."', '"\u6682\u65e0\u6570\u636e\u3002"'),
        ('all_nothing', 'There is nothing in this workspace yet: the charts fill as leads come in.', '"W tym obszarze jeszcze nic nie ma: wykresy wype\u0142ni\u0105 si\u0119, gdy pojawi\u0105 si\u0119 leady."', '"\u0412 \u044d\u0442\u043e\u043c \u043f\u0440\u043e\u0441\u0442\u0440\u0430\u043d\u0441\u0442\u0432\u0435 \u043f\u043e\u043a\u0430 \u043d\u0438\u0447\u0435\u0433\u043e \u043d\u0435\u0442: \u0433\u0440\u0430\u0444\u0438\u043a\u0438 \u0437\u0430\u043f\u043e\u043b\u043d\u044f\u0442\u0441\u044f, \u043a\u043e\u0433\u0434\u0430 \u043f\u043e\u044f\u0432\u044f\u0442\u0441\u044f \u043b\u0438\u0434\u044b."', '"\u6b64\u5de5\u4f5c\u533a\u6682\u65e0\u6570\u636e\uff1a\u6709\u7ebf\u7d22\u8fdb\u5165\u540e\u56fe\u8868\u4f1a\u81ea\u52a8\u586b\u5145\u3002"'),
        ('others', 'Others', '"Pozostali"', '"\u041e\u0441\u0442\u0430\u043b\u044c\u043d\u044b\u0435"', '"\u5176\u4ed6"'),
        ('nobody', 'Nobody yet', '"Jeszcze nikt"', '"\u041f\u043e\u043a\u0430 \u043d\u0438\u043a\u0442\u043e"', '"\u5c1a\u65e0\u8d1f\u8d23\u4eba"'),
        ('no_reason', 'No reason given', '"Bez powodu"', '"\u0411\u0435\u0437 \u043f\u0440\u0438\u0447\u0438\u043d\u044b"', '"\u672a\u586b\u5199\u539f\u56e0"'),
        ('month_format', '%b %Y', '"%b %Y"', '"%b %Y"', '"%Y\u5e74%-m\u6708"'),
        ('week_format', '%-d %b', '"%-d %b"', '"%-d %b"', '"%-m\u6708%-d\u65e5"'),
        ('share', 'Share', '"Udzia\u0142"', '"\u0414\u043e\u043b\u044f"', '"\u5360\u6bd4"'),
        ('leads', 'Leads', '"Leady"', '"\u041b\u0438\u0434\u044b"', '"\u7ebf\u7d22\u6570"'),
        ('deals', 'Deals', '"Transakcje"', '"\u0421\u0434\u0435\u043b\u043a\u0438"', '"\u5546\u673a\u6570"'),
        ('month', 'Month', '"Miesi\u0105c"', '"\u041c\u0435\u0441\u044f\u0446"', '"\u6708\u4efd"'),
        ('week', 'Week from', '"Tydzie\u0144 od"', '"\u041d\u0435\u0434\u0435\u043b\u044f \u0441"', '"\u5468\u8d77\u59cb\u65e5"'),
        ('head_leads', 'Leads in all', '"Leady \u0142\u0105cznie"', '"\u0412\u0441\u0435\u0433\u043e \u043b\u0438\u0434\u043e\u0432"', '"\u7ebf\u7d22\u603b\u6570"'),
        ('head_won', 'From MQL to won', '"Od MQL do wygranej"', '"\u0418\u0437 MQL \u0432 \u0432\u044b\u0438\u0433\u0440\u0430\u043d\u043d\u044b\u0435"', '"MQL \u5230\u8d62\u5355"'),
        ('head_kept', 'Promises kept, weeks shown', '"Dotrzymane terminy, pokazane tygodnie"', '"\u0421\u043e\u0431\u043b\u044e\u0434\u0435\u043d\u043e \u0441\u0440\u043e\u043a\u043e\u0432, \u043f\u043e\u043a\u0430\u0437\u0430\u043d\u043d\u044b\u0435 \u043d\u0435\u0434\u0435\u043b\u0438"', '"\u6240\u793a\u5404\u5468\u6309\u65f6\u5c65\u7ea6\u7387"'),
        ('head_breached', 'Promises broken now', '"Terminy z\u0142amane teraz"', '"\u041d\u0430\u0440\u0443\u0448\u0435\u043d\u043e \u0441\u0435\u0439\u0447\u0430\u0441"', '"\u5f53\u524d\u903e\u671f\u627f\u8bfa"'),
        ('head_coverage', 'Pipeline against what is left of the target', '"Pipeline wobec brakuj\u0105cej cz\u0119\u015bci celu"', '"\u0412\u043e\u0440\u043e\u043d\u043a\u0430 \u043a \u043e\u0441\u0442\u0430\u0442\u043a\u0443 \u043f\u043b\u0430\u043d\u0430"', '"\u5546\u673a\u6c60\u5bf9\u76ee\u6807\u7f3a\u53e3"'),
        ('head_overdue', 'Tasks overdue', '"Zaleg\u0142e zadania"', '"\u041f\u0440\u043e\u0441\u0440\u043e\u0447\u0435\u043d\u043d\u044b\u0435 \u0437\u0430\u0434\u0430\u0447\u0438"', '"\u903e\u671f\u4efb\u52a1"'),
        ('funnel', 'Funnel', '"Lejek"', '"\u0412\u043e\u0440\u043e\u043d\u043a\u0430"', '"\u6f0f\u6597"'),
        ('funnel_note', 'Leads that ever reached each stage, and the share that came on from the stage before', '"Leady, kt\u00f3re kiedykolwiek osi\u0105gn\u0119\u0142y etap, i udzia\u0142 przechodz\u0105cych z poprzedniego"', '"\u041b\u0438\u0434\u044b, \u043a\u043e\u0433\u0434\u0430-\u043b\u0438\u0431\u043e \u0434\u043e\u0441\u0442\u0438\u0433\u0448\u0438\u0435 \u044d\u0442\u0430\u043f\u0430, \u0438 \u0434\u043e\u043b\u044f \u043f\u0435\u0440\u0435\u0448\u0435\u0434\u0448\u0438\u0445 \u0441 \u043f\u0440\u0435\u0434\u044b\u0434\u0443\u0449\u0435\u0433\u043e"', '"\u66fe\u5230\u8fbe\u5404\u9636\u6bb5\u7684\u7ebf\u7d22\u6570\uff0c\u4ee5\u53ca\u4ece\u4e0a\u4e00\u9636\u6bb5\u8f6c\u5165\u7684\u6bd4\u4f8b"'),
        ('stage', 'Stage', '"Etap"', '"\u042d\u0442\u0430\u043f"', '"\u9636\u6bb5"'),
        ('reached', 'Leads that reached it', '"Leady, kt\u00f3re dotar\u0142y"', '"\u0414\u043e\u0441\u0442\u0438\u0433\u0448\u0438\u0435 \u043b\u0438\u0434\u044b"', '"\u5230\u8fbe\u7684\u7ebf\u7d22\u6570"'),
        ('now', 'There now', '"Teraz na etapie"', '"\u0421\u0435\u0439\u0447\u0430\u0441 \u043d\u0430 \u044d\u0442\u0430\u043f\u0435"', '"\u5f53\u524d\u6240\u5728"'),
        ('from_previous', 'From the stage before', '"Z poprzedniego etapu"', '"\u0421 \u043f\u0440\u0435\u0434\u044b\u0434\u0443\u0449\u0435\u0433\u043e \u044d\u0442\u0430\u043f\u0430"', '"\u81ea\u4e0a\u4e00\u9636\u6bb5"'),
        ('from_first', 'From the first stage', '"Z pierwszego etapu"', '"\u0421 \u043f\u0435\u0440\u0432\u043e\u0433\u043e \u044d\u0442\u0430\u043f\u0430"', '"\u81ea\u9996\u4e2a\u9636\u6bb5"'),
        ('phase', 'Whose work', '"Czyja praca"', '"\u0427\u044c\u044f \u0440\u0430\u0431\u043e\u0442\u0430"', '"\u8d1f\u8d23\u65b9"'),
        ('phase.marketing', 'Marketing', '"Marketing"', '"\u041c\u0430\u0440\u043a\u0435\u0442\u0438\u043d\u0433"', '"\u5e02\u573a"'),
        ('phase.handoff', 'Handover', '"Przekazanie"', '"\u041f\u0435\u0440\u0435\u0434\u0430\u0447\u0430"', '"\u4ea4\u63a5"'),
        ('phase.sales', 'Sales', '"Sprzeda\u017c"', '"\u041f\u0440\u043e\u0434\u0430\u0436\u0438"', '"\u9500\u552e"'),
        ('phase.customer', 'Customer', '"Klient"', '"\u041a\u043b\u0438\u0435\u043d\u0442"', '"\u5ba2\u6237"'),
        ('phase.exit', 'Off the path', '"Poza \u015bcie\u017ck\u0105"', '"\u0412\u043d\u0435 \u043f\u0443\u0442\u0438"', '"\u9000\u51fa"'),
        ('conversion', 'Conversion over time', '"Konwersja w czasie"', '"\u041a\u043e\u043d\u0432\u0435\u0440\u0441\u0438\u044f \u0432\u043e \u0432\u0440\u0435\u043c\u0435\u043d\u0438"', '"\u8f6c\u5316\u7387\u8d70\u52bf"'),
        ('conversion_note', 'Share of the leads that became MQLs in a month and are won within so many days; a hollow point is still an estimate', '"Udzia\u0142 lead\u00f3w, kt\u00f3re w danym miesi\u0105cu zosta\u0142y MQL i wygrano je w tylu dniach; pusty punkt to jeszcze szacunek"', '"\u0414\u043e\u043b\u044f \u043b\u0438\u0434\u043e\u0432, \u0441\u0442\u0430\u0432\u0448\u0438\u0445 MQL \u0432 \u044d\u0442\u043e\u043c \u043c\u0435\u0441\u044f\u0446\u0435 \u0438 \u0432\u044b\u0438\u0433\u0440\u0430\u043d\u043d\u044b\u0445 \u0437\u0430 \u0441\u0442\u043e\u043b\u044c\u043a\u043e \u0434\u043d\u0435\u0439; \u043f\u0443\u0441\u0442\u0430\u044f \u0442\u043e\u0447\u043a\u0430 \u2014 \u043f\u043e\u043a\u0430 \u043e\u0446\u0435\u043d\u043a\u0430"', '"\u5f53\u6708\u6210\u4e3a MQL \u7684\u7ebf\u7d22\u5728\u76f8\u5e94\u5929\u6570\u5185\u8d62\u5355\u7684\u6bd4\u4f8b\uff1b\u7a7a\u5fc3\u70b9\u4e3a\u4f30\u8ba1\u503c"'),
        ('won_share', 'Won', '"Wygrane"', '"\u0412\u044b\u0438\u0433\u0440\u0430\u043d\u043e"', '"\u8d62\u5355\u7387"'),
        ('within', 'Won within', '"Wygrane w ci\u0105gu"', '"\u0412\u044b\u0438\u0433\u0440\u0430\u043d\u043e \u0437\u0430"', '"\u8d62\u5355\u671f\u9650"'),
        ('days', 'days', '"dni"', '"\u0434\u043d."', '"\u5929"'),
        ('complete', 'Complete', '"Pe\u0142ny okres"', '"\u041f\u0435\u0440\u0438\u043e\u0434 \u043f\u043e\u043b\u043d\u044b\u0439"', '"\u671f\u9650\u5df2\u6ee1"'),
        ('yes', 'yes', '"tak"', '"\u0434\u0430"', '"\u662f"'),
        ('no', 'no, an estimate', '"nie, szacunek"', '"\u043d\u0435\u0442, \u043e\u0446\u0435\u043d\u043a\u0430"', '"\u5426\uff0c\u4f30\u8ba1\u503c"'),
        ('interval', '95 % interval, from', '"Przedzia\u0142 95%, od"', '"\u0418\u043d\u0442\u0435\u0440\u0432\u0430\u043b 95 %, \u043e\u0442"', '"95% \u533a\u95f4\uff0c\u4ece"'),
        ('interval_to', 'to', '"do"', '"\u0434\u043e"', '"\u81f3"'),
        ('sla_share', 'Promises kept', '"Dotrzymane terminy"', '"\u0421\u043e\u0431\u043b\u044e\u0434\u0435\u043d\u0438\u0435 \u0441\u0440\u043e\u043a\u043e\u0432"', '"SLA \u5c65\u7ea6\u7387"'),
        ('sla_share_note', 'Share of the promised reactions that came in time, by the week in which they were promised', '"Udzia\u0142 obiecanych reakcji wykonanych na czas, wed\u0142ug tygodnia obietnicy"', '"\u0414\u043e\u043b\u044f \u043e\u0431\u0435\u0449\u0430\u043d\u043d\u044b\u0445 \u0440\u0435\u0430\u043a\u0446\u0438\u0439, \u0432\u044b\u043f\u043e\u043b\u043d\u0435\u043d\u043d\u044b\u0445 \u0432\u043e\u0432\u0440\u0435\u043c\u044f, \u043f\u043e \u043d\u0435\u0434\u0435\u043b\u0435 \u043e\u0431\u0435\u0449\u0430\u043d\u0438\u044f"', '"\u6309\u627f\u8bfa\u6240\u5728\u5468\u7edf\u8ba1\u7684\u6309\u65f6\u54cd\u5e94\u6bd4\u4f8b"'),
        ('sla_weeks', 'Promises by week', '"Terminy wed\u0142ug tygodni"', '"\u0421\u0440\u043e\u043a\u0438 \u043f\u043e \u043d\u0435\u0434\u0435\u043b\u044f\u043c"', '"\u6bcf\u5468\u627f\u8bfa"'),
        ('sla_weeks_note', 'What became of the reactions promised in each week', '"Co si\u0119 sta\u0142o z reakcjami obiecanymi w danym tygodniu"', '"\u0427\u0442\u043e \u0441\u0442\u0430\u043b\u043e \u0441 \u0440\u0435\u0430\u043a\u0446\u0438\u044f\u043c\u0438, \u043e\u0431\u0435\u0449\u0430\u043d\u043d\u044b\u043c\u0438 \u0437\u0430 \u043d\u0435\u0434\u0435\u043b\u044e"', '"\u5404\u5468\u627f\u8bfa\u7684\u54cd\u5e94\u7ed3\u679c"'),
        ('met_share', 'Kept', '"Dotrzymane"', '"\u0421\u043e\u0431\u043b\u044e\u0434\u0435\u043d\u043e"', '"\u6309\u65f6\u6bd4\u4f8b"'),
        ('promises', 'Promises', '"Terminy"', '"\u041e\u0431\u0435\u0449\u0430\u043d\u0438\u044f"', '"\u627f\u8bfa\u6570"'),
        ('outcome', 'Outcome', '"Wynik"', '"\u0418\u0442\u043e\u0433"', '"\u7ed3\u679c"'),
        ('state.met', 'In time', '"Na czas"', '"\u0412\u043e\u0432\u0440\u0435\u043c\u044f"', '"\u6309\u65f6"'),
        ('state.met_late', 'Late', '"Po terminie"', '"\u0421 \u043e\u043f\u043e\u0437\u0434\u0430\u043d\u0438\u0435\u043c"', '"\u8fdf\u5230"'),
        ('state.breached', 'Late and still owed', '"Po terminie, nadal zaleg\u0142e"', '"\u041f\u0440\u043e\u0441\u0440\u043e\u0447\u0435\u043d\u043e \u0438 \u043d\u0435 \u0441\u0434\u0435\u043b\u0430\u043d\u043e"', '"\u903e\u671f\u672a\u529e"'),
        ('state.open', 'Still running', '"W toku"', '"\u0415\u0449\u0451 \u0438\u0434\u0451\u0442"', '"\u8fdb\u884c\u4e2d"'),
        ('breaches', 'Broken and still owed', '"Z\u0142amane i nadal zaleg\u0142e"', '"\u041d\u0430\u0440\u0443\u0448\u0435\u043d\u043e \u0438 \u043d\u0435 \u0441\u0434\u0435\u043b\u0430\u043d\u043e"', '"\u903e\u671f\u672a\u529e\u7684\u627f\u8bfa"'),
        ('breaches_note', 'Promises that can still be mended, by policy', '"Terminy, kt\u00f3re mo\u017cna jeszcze nadrobi\u0107, wed\u0142ug zasady"', '"\u041e\u0431\u0435\u0449\u0430\u043d\u0438\u044f, \u043a\u043e\u0442\u043e\u0440\u044b\u0435 \u0435\u0449\u0451 \u043c\u043e\u0436\u043d\u043e \u0438\u0441\u043f\u043e\u043b\u043d\u0438\u0442\u044c, \u043f\u043e \u043f\u0440\u0430\u0432\u0438\u043b\u0430\u043c"', '"\u5c1a\u53ef\u8865\u6551\u7684\u627f\u8bfa\uff0c\u6309\u89c4\u5219"'),
        ('policy', 'Policy', '"Zasada"', '"\u041f\u0440\u0430\u0432\u0438\u043b\u043e"', '"\u89c4\u5219"'),
        ('promise', 'In words', '"S\u0142ownie"', '"\u0421\u043b\u043e\u0432\u0430\u043c\u0438"', '"\u8bf4\u660e"'),
        ('oldest', 'Oldest, days late', '"Najstarsze, dni po terminie"', '"\u0421\u0430\u043c\u043e\u0435 \u0441\u0442\u0430\u0440\u043e\u0435, \u0434\u043d\u0435\u0439 \u043f\u0440\u043e\u0441\u0440\u043e\u0447\u043a\u0438"', '"\u6700\u4e45\u903e\u671f\uff08\u5929\uff09"'),
        ('curve', 'Response time and conversion', '"Czas reakcji a konwersja"', '"\u0412\u0440\u0435\u043c\u044f \u0440\u0435\u0430\u043a\u0446\u0438\u0438 \u0438 \u043a\u043e\u043d\u0432\u0435\u0440\u0441\u0438\u044f"', '"\u54cd\u5e94\u65f6\u95f4\u4e0e\u8f6c\u5316\u7387"'),
        ('curve_note', 'Share of the leads handed over that were accepted and won, by the time to the first attempt to reach them; bands are 95 % intervals', '"Udzia\u0142 przekazanych lead\u00f3w przyj\u0119tych i wygranych, wed\u0142ug czasu do pierwszej pr\u00f3by kontaktu; pasma to przedzia\u0142y 95%"', '"\u0414\u043e\u043b\u044f \u043f\u0435\u0440\u0435\u0434\u0430\u043d\u043d\u044b\u0445 \u043b\u0438\u0434\u043e\u0432, \u043f\u0440\u0438\u043d\u044f\u0442\u044b\u0445 \u0438 \u0432\u044b\u0438\u0433\u0440\u0430\u043d\u043d\u044b\u0445, \u043f\u043e \u0432\u0440\u0435\u043c\u0435\u043d\u0438 \u0434\u043e \u043f\u0435\u0440\u0432\u043e\u0439 \u043f\u043e\u043f\u044b\u0442\u043a\u0438 \u0441\u0432\u044f\u0437\u0430\u0442\u044c\u0441\u044f; \u043f\u043e\u043b\u043e\u0441\u044b \u2014 \u0438\u043d\u0442\u0435\u0440\u0432\u0430\u043b\u044b 95 %"', '"\u79fb\u4ea4\u7ebf\u7d22\u88ab\u63a5\u53d7\u548c\u8d62\u5355\u7684\u6bd4\u4f8b\uff0c\u6309\u9996\u6b21\u8054\u7cfb\u6240\u7528\u65f6\u95f4\uff1b\u8272\u5e26\u4e3a 95% \u533a\u95f4"'),
        ('wait', 'Time to the first attempt', '"Czas do pierwszej pr\u00f3by"', '"\u0412\u0440\u0435\u043c\u044f \u0434\u043e \u043f\u0435\u0440\u0432\u043e\u0439 \u043f\u043e\u043f\u044b\u0442\u043a\u0438"', '"\u9996\u6b21\u8054\u7cfb\u7528\u65f6"'),
        ('goal', 'Goal', '"Cel"', '"\u0426\u0435\u043b\u044c"', '"\u7ed3\u679c"'),
        ('goal.accepted', 'Accepted by sales', '"Przyj\u0119te przez sprzeda\u017c"', '"\u041f\u0440\u0438\u043d\u044f\u0442\u044b \u043f\u0440\u043e\u0434\u0430\u0436\u0430\u043c\u0438"', '"\u9500\u552e\u63a5\u53d7"'),
        ('goal.won', 'Won', '"Wygrane"', '"\u0412\u044b\u0438\u0433\u0440\u0430\u043d\u044b"', '"\u8d62\u5355"'),
        ('bucket.1', 'before', '"wcze\u015bniej"', '"\u0440\u0430\u043d\u044c\u0448\u0435"', '"\u4e4b\u524d"'),
        ('bucket.2', '5 min', '"5 min"', '"5 \u043c\u0438\u043d"', '"5\u5206\u949f"'),
        ('bucket.3', '15 min', '"15 min"', '"15 \u043c\u0438\u043d"', '"15\u5206\u949f"'),
        ('bucket.4', '30 min', '"30 min"', '"30 \u043c\u0438\u043d"', '"30\u5206\u949f"'),
        ('bucket.5', '1 h', '"1 godz."', '"1 \u0447"', '"1\u5c0f\u65f6"'),
        ('bucket.6', '2 h', '"2 godz."', '"2 \u0447"', '"2\u5c0f\u65f6"'),
        ('bucket.7', '4 h', '"4 godz."', '"4 \u0447"', '"4\u5c0f\u65f6"'),
        ('bucket.8', '8 h', '"8 godz."', '"8 \u0447"', '"8\u5c0f\u65f6"'),
        ('bucket.9', '24 h', '"24 godz."', '"24 \u0447"', '"24\u5c0f\u65f6"'),
        ('bucket.10', '48 h', '"48 godz."', '"48 \u0447"', '"48\u5c0f\u65f6"'),
        ('bucket.11', '7 days', '"7 dni"', '"7 \u0434\u043d."', '"7\u5929"'),
        ('bucket.12', 'later', '"p\u00f3\u017aniej"', '"\u043f\u043e\u0437\u0436\u0435"', '"\u66f4\u665a"'),
        ('bucket.13', 'never', '"nigdy"', '"\u043d\u0438\u043a\u043e\u0433\u0434\u0430"', '"\u4ece\u672a"'),
        ('campaigns', 'Sources and cost', '"\u0179r\u00f3d\u0142a i koszty"', '"\u0418\u0441\u0442\u043e\u0447\u043d\u0438\u043a\u0438 \u0438 \u0437\u0430\u0442\u0440\u0430\u0442\u044b"', '"\u6765\u6e90\u4e0e\u6210\u672c"'),
        ('campaigns_note', 'What the campaigns with the greatest spend cost, and what new customers brought', '"Ile kosztowa\u0142y kampanie o najwi\u0119kszych wydatkach i ile przynie\u015bli nowi klienci"', '"\u0421\u043a\u043e\u043b\u044c\u043a\u043e \u0441\u0442\u043e\u0438\u043b\u0438 \u0441\u0430\u043c\u044b\u0435 \u0437\u0430\u0442\u0440\u0430\u0442\u043d\u044b\u0435 \u043a\u0430\u043c\u043f\u0430\u043d\u0438\u0438 \u0438 \u0441\u043a\u043e\u043b\u044c\u043a\u043e \u043f\u0440\u0438\u043d\u0435\u0441\u043b\u0438 \u043d\u043e\u0432\u044b\u0435 \u043a\u043b\u0438\u0435\u043d\u0442\u044b"', '"\u82b1\u8d39\u6700\u9ad8\u7684\u6d3b\u52a8\u6210\u672c\u4e0e\u65b0\u5ba2\u6237\u6536\u5165"'),
        ('campaign', 'Campaign', '"Kampania"', '"\u041a\u0430\u043c\u043f\u0430\u043d\u0438\u044f"', '"\u6d3b\u52a8"'),
        ('measure', 'Measure', '"Miara"', '"\u041f\u043e\u043a\u0430\u0437\u0430\u0442\u0435\u043b\u044c"', '"\u6307\u6807"'),
        ('spend', 'Spend', '"Wydatki"', '"\u0417\u0430\u0442\u0440\u0430\u0442\u044b"', '"\u82b1\u8d39"'),
        ('new_revenue', 'Revenue of new customers', '"Przych\u00f3d od nowych klient\u00f3w"', '"\u0412\u044b\u0440\u0443\u0447\u043a\u0430 \u043e\u0442 \u043d\u043e\u0432\u044b\u0445 \u043a\u043b\u0438\u0435\u043d\u0442\u043e\u0432"', '"\u65b0\u5ba2\u6237\u6536\u5165"'),
        ('amount', 'Amount', '"Kwota"', '"\u0421\u0443\u043c\u043c\u0430"', '"\u91d1\u989d"'),
        ('cost_per_lead', 'Cost per lead', '"Koszt leada"', '"\u0421\u0442\u043e\u0438\u043c\u043e\u0441\u0442\u044c \u043b\u0438\u0434\u0430"', '"\u5355\u6761\u7ebf\u7d22\u6210\u672c"'),
        ('roi', 'Return on spend', '"Zwrot z wydatk\u00f3w"', '"\u0412\u043e\u0437\u0432\u0440\u0430\u0442 \u0437\u0430\u0442\u0440\u0430\u0442"', '"\u6295\u8d44\u56de\u62a5\u7387"'),
        ('advice', 'Advice', '"Zalecenie"', '"\u0421\u043e\u0432\u0435\u0442"', '"\u5efa\u8bae"'),
        ('advice.look closer', 'look closer', '"przyjrze\u0107 si\u0119"', '"\u043f\u0440\u0438\u0441\u043c\u043e\u0442\u0440\u0435\u0442\u044c\u0441\u044f"', '"\u8fdb\u4e00\u6b65\u5206\u6790"'),
        ('advice.repeat', 'repeat', '"powt\u00f3rzy\u0107"', '"\u043f\u043e\u0432\u0442\u043e\u0440\u0438\u0442\u044c"', '"\u7ee7\u7eed\u6295\u653e"'),
        ('advice.too early', 'too early to say', '"za wcze\u015bnie na ocen\u0119"', '"\u0440\u0430\u043d\u043e \u0441\u0443\u0434\u0438\u0442\u044c"', '"\u4e3a\u65f6\u8fc7\u65e9"'),
        ('advice.stop', 'stop', '"przerwa\u0107"', '"\u043e\u0441\u0442\u0430\u043d\u043e\u0432\u0438\u0442\u044c"', '"\u505c\u6b62"'),
        ('pipeline', 'Pipeline against target', '"Pipeline a cel"', '"\u0412\u043e\u0440\u043e\u043d\u043a\u0430 \u0441\u0434\u0435\u043b\u043e\u043a \u0438 \u043f\u043b\u0430\u043d"', '"\u5546\u673a\u6c60\u4e0e\u76ee\u6807"'),
        ('pipeline_note', 'Value of the open deals by stage; below, what is won in the period and what the open deals are worth at the win rates of their stages', '"Warto\u015b\u0107 otwartych transakcji wed\u0142ug etap\u00f3w; ni\u017cej to, co wygrano w okresie, i otwarte transakcje wa\u017cone szans\u0105 etapu"', '"\u0421\u0442\u043e\u0438\u043c\u043e\u0441\u0442\u044c \u043e\u0442\u043a\u0440\u044b\u0442\u044b\u0445 \u0441\u0434\u0435\u043b\u043e\u043a \u043f\u043e \u044d\u0442\u0430\u043f\u0430\u043c; \u043d\u0438\u0436\u0435 \u2014 \u0432\u044b\u0438\u0433\u0440\u0430\u043d\u043d\u043e\u0435 \u0437\u0430 \u043f\u0435\u0440\u0438\u043e\u0434 \u0438 \u043e\u0442\u043a\u0440\u044b\u0442\u044b\u0435 \u0441\u0434\u0435\u043b\u043a\u0438 \u0441 \u0432\u0435\u0441\u043e\u043c \u0432\u0435\u0440\u043e\u044f\u0442\u043d\u043e\u0441\u0442\u0438 \u044d\u0442\u0430\u043f\u0430"', '"\u5404\u9636\u6bb5\u672a\u7ed3\u5546\u673a\u91d1\u989d\uff1b\u4e0b\u65b9\u4e3a\u672c\u671f\u8d62\u5355\u989d\u4e0e\u6309\u9636\u6bb5\u8d62\u7387\u52a0\u6743\u7684\u5546\u673a\u91d1\u989d"'),
        ('bar.open', 'Open deals', '"Otwarte"', '"\u041e\u0442\u043a\u0440\u044b\u0442\u044b\u0435"', '"\u672a\u7ed3\u5546\u673a"'),
        ('bar.forecast', 'Won + weighted', '"Wygrane + wa\u017cone"', '"\u0412\u044b\u0438\u0433\u0440\u0430\u043d\u043e + \u0441 \u0432\u0435\u0441\u043e\u043c"', '"\u8d62\u5355+\u52a0\u6743"'),
        ('bar', 'What', '"Co"', '"\u0427\u0442\u043e"', '"\u9879\u76ee"'),
        ('won_value', 'Won in the period', '"Wygrane w okresie"', '"\u0412\u044b\u0438\u0433\u0440\u0430\u043d\u043e \u0437\u0430 \u043f\u0435\u0440\u0438\u043e\u0434"', '"\u672c\u671f\u8d62\u5355"'),
        ('value', 'Value', '"Warto\u015b\u0107"', '"\u0421\u0442\u043e\u0438\u043c\u043e\u0441\u0442\u044c"', '"\u91d1\u989d"'),
        ('win_rate', 'Win rate', '"Skuteczno\u015b\u0107"', '"\u0414\u043e\u043b\u044f \u043f\u043e\u0431\u0435\u0434"', '"\u8d62\u7387"'),
        ('target', 'Target', '"Cel"', '"\u041f\u043b\u0430\u043d"', '"\u76ee\u6807"'),
        ('period', 'Period', '"Okres"', '"\u041f\u0435\u0440\u0438\u043e\u0434"', '"\u671f\u95f4"'),
        ('coverage', 'Pipeline / what is left', '"Pipeline / pozosta\u0142o"', '"\u0412\u043e\u0440\u043e\u043d\u043a\u0430 / \u043e\u0441\u0442\u0430\u0442\u043e\u043a"', '"\u5546\u673a\u6c60/\u7f3a\u53e3"'),
        ('rejections', 'Why sales rejects leads', '"Dlaczego sprzeda\u017c odrzuca leady"', '"\u041f\u043e\u0447\u0435\u043c\u0443 \u043f\u0440\u043e\u0434\u0430\u0436\u0438 \u043e\u0442\u043a\u043b\u043e\u043d\u044f\u044e\u0442 \u043b\u0438\u0434\u044b"', '"\u9500\u552e\u62d2\u7edd\u7ebf\u7d22\u7684\u539f\u56e0"'),
        ('rejections_note', 'Verdicts in force, by reason', '"Obowi\u0105zuj\u0105ce oceny, wed\u0142ug powodu"', '"\u0414\u0435\u0439\u0441\u0442\u0432\u0443\u044e\u0449\u0438\u0435 \u0432\u0435\u0440\u0434\u0438\u043a\u0442\u044b \u043f\u043e \u043f\u0440\u0438\u0447\u0438\u043d\u0430\u043c"', '"\u6709\u6548\u5224\u5b9a\uff0c\u6309\u539f\u56e0"'),
        ('losses', 'Why deals are lost', '"Dlaczego przegrywamy"', '"\u041f\u043e\u0447\u0435\u043c\u0443 \u043f\u0440\u043e\u0438\u0433\u0440\u044b\u0432\u0430\u0435\u043c \u0441\u0434\u0435\u043b\u043a\u0438"', '"\u5546\u673a\u4e22\u5931\u7684\u539f\u56e0"'),
        ('losses_note', 'Lost deals, by reason', '"Przegrane transakcje, wed\u0142ug powodu"', '"\u041f\u0440\u043e\u0438\u0433\u0440\u0430\u043d\u043d\u044b\u0435 \u0441\u0434\u0435\u043b\u043a\u0438 \u043f\u043e \u043f\u0440\u0438\u0447\u0438\u043d\u0430\u043c"', '"\u4e22\u5931\u7684\u5546\u673a\uff0c\u6309\u539f\u56e0"'),
        ('reason', 'Reason', '"Pow\u00f3d"', '"\u041f\u0440\u0438\u0447\u0438\u043d\u0430"', '"\u539f\u56e0"'),
        ('rejected', 'Rejections', '"Odrzucenia"', '"\u041e\u0442\u043a\u043b\u043e\u043d\u0435\u043d\u0438\u044f"', '"\u62d2\u7edd\u6b21\u6570"'),
        ('attempts', 'Attempts they cost', '"Kosztowa\u0142y pr\u00f3b"', '"\u0421\u0442\u043e\u0438\u043b\u0438 \u043f\u043e\u043f\u044b\u0442\u043e\u043a"', '"\u8017\u8d39\u7684\u8054\u7cfb\u6b21\u6570"'),
        ('disputed', 'Disputed by marketing', '"Zakwestionowane przez marketing"', '"\u041e\u0441\u043f\u043e\u0440\u0435\u043d\u043e \u043c\u0430\u0440\u043a\u0435\u0442\u0438\u043d\u0433\u043e\u043c"', '"\u5e02\u573a\u6709\u5f02\u8bae"'),
        ('lost_value', 'Value lost', '"Utracona warto\u015b\u0107"', '"\u041f\u043e\u0442\u0435\u0440\u044f\u043d\u043d\u0430\u044f \u0441\u0443\u043c\u043c\u0430"', '"\u4e22\u5931\u91d1\u989d"'),
        ('queue', 'Work queue', '"Kolejka pracy"', '"\u041e\u0447\u0435\u0440\u0435\u0434\u044c \u0440\u0430\u0431\u043e\u0442\u044b"', '"\u5de5\u4f5c\u961f\u5217"'),
        ('queue_note', 'Tasks that wait, by owner and urgency', '"Oczekuj\u0105ce zadania, wed\u0142ug osoby i pilno\u015bci"', '"\u041e\u0436\u0438\u0434\u0430\u044e\u0449\u0438\u0435 \u0437\u0430\u0434\u0430\u0447\u0438 \u043f\u043e \u043e\u0442\u0432\u0435\u0442\u0441\u0442\u0432\u0435\u043d\u043d\u044b\u043c \u0438 \u0441\u0440\u043e\u0447\u043d\u043e\u0441\u0442\u0438"', '"\u5f85\u529e\u4efb\u52a1\uff0c\u6309\u8d1f\u8d23\u4eba\u548c\u7d27\u6025\u7a0b\u5ea6"'),
        ('owner', 'Owner', '"Osoba"', '"\u041e\u0442\u0432\u0435\u0442\u0441\u0442\u0432\u0435\u043d\u043d\u044b\u0439"', '"\u8d1f\u8d23\u4eba"'),
        ('tasks', 'Tasks', '"Zadania"', '"\u0417\u0430\u0434\u0430\u0447\u0438"', '"\u4efb\u52a1\u6570"'),
        ('open_leads', 'Open leads', '"Otwarte leady"', '"\u041e\u0442\u043a\u0440\u044b\u0442\u044b\u0435 \u043b\u0438\u0434\u044b"', '"\u672a\u7ed3\u7ebf\u7d22"'),
        ('band', 'Urgency', '"Pilno\u015b\u0107"', '"\u0421\u0440\u043e\u0447\u043d\u043e\u0441\u0442\u044c"', '"\u7d27\u6025\u7a0b\u5ea6"'),
        ('band.overdue', 'Overdue', '"Zaleg\u0142e"', '"\u041f\u0440\u043e\u0441\u0440\u043e\u0447\u0435\u043d\u043e"', '"\u5df2\u903e\u671f"'),
        ('band.soon', 'Soon', '"Wkr\u00f3tce"', '"\u0421\u043a\u043e\u0440\u043e"', '"\u5373\u5c06\u5230\u671f"'),
        ('band.day', 'Within a day', '"W ci\u0105gu dnia"', '"\u0412 \u0442\u0435\u0447\u0435\u043d\u0438\u0435 \u0434\u043d\u044f"', '"\u4e00\u5929\u5185"'),
        ('band.later', 'Later', '"P\u00f3\u017aniej"', '"\u041f\u043e\u0437\u0436\u0435"', '"\u7a0d\u540e"'),
        ('reason.duplicate', 'Duplicate', '"Duplikat"', '"\u0414\u0443\u0431\u043b\u0438\u043a\u0430\u0442"', '"\u91cd\u590d"'),
        ('reason.bad_contact_data', 'Contact data is wrong', '"B\u0142\u0119dne dane kontaktowe"', '"\u041d\u0435\u0432\u0435\u0440\u043d\u044b\u0435 \u043a\u043e\u043d\u0442\u0430\u043a\u0442\u044b"', '"\u8054\u7cfb\u65b9\u5f0f\u9519\u8bef"'),
        ('reason.not_target', 'Not our market', '"Nie nasz rynek"', '"\u041d\u0435 \u043d\u0430\u0448 \u0440\u044b\u043d\u043e\u043a"', '"\u975e\u76ee\u6807\u5e02\u573a"'),
        ('reason.wrong_role', 'Has no say in the decision', '"Nie decyduje"', '"\u041d\u0435 \u0432\u043b\u0438\u044f\u0435\u0442 \u043d\u0430 \u0440\u0435\u0448\u0435\u043d\u0438\u0435"', '"\u65e0\u51b3\u7b56\u6743"'),
        ('reason.no_need', 'No need', '"Brak potrzeby"', '"\u041d\u0435\u0442 \u043f\u043e\u0442\u0440\u0435\u0431\u043d\u043e\u0441\u0442\u0438"', '"\u65e0\u9700\u6c42"'),
        ('reason.no_budget', 'No budget', '"Brak bud\u017cetu"', '"\u041d\u0435\u0442 \u0431\u044e\u0434\u0436\u0435\u0442\u0430"', '"\u65e0\u9884\u7b97"'),
        ('reason.too_expensive', 'Too expensive', '"Za drogo"', '"\u0421\u043b\u0438\u0448\u043a\u043e\u043c \u0434\u043e\u0440\u043e\u0433\u043e"', '"\u4ef7\u683c\u8fc7\u9ad8"'),
        ('reason.not_now', 'Not now', '"Nie teraz"', '"\u041d\u0435 \u0441\u0435\u0439\u0447\u0430\u0441"', '"\u65f6\u673a\u672a\u5230"'),
        ('reason.no_response', 'Nobody was reached', '"Nie uda\u0142o si\u0119 skontaktowa\u0107"', '"\u041d\u0435 \u0443\u0434\u0430\u043b\u043e\u0441\u044c \u0441\u0432\u044f\u0437\u0430\u0442\u044c\u0441\u044f"', '"\u672a\u80fd\u8054\u7cfb\u4e0a"'),
        ('reason.competitor', 'Chose a competitor', '"Wyb\u00f3r konkurencji"', '"\u0412\u044b\u0431\u0440\u0430\u043b\u0438 \u043a\u043e\u043d\u043a\u0443\u0440\u0435\u043d\u0442\u0430"', '"\u9009\u62e9\u7ade\u4e89\u5bf9\u624b"'),
        ('reason.no_decision', 'No decision', '"Brak decyzji"', '"\u041d\u0435\u0442 \u0440\u0435\u0448\u0435\u043d\u0438\u044f"', '"\u672a\u4f5c\u51b3\u5b9a"'),
        ('reason.missing_feature', 'Something is missing in the offer', '"Czego\u015b brakuje w ofercie"', '"\u041d\u0435 \u0445\u0432\u0430\u0442\u0430\u0435\u0442 \u0432 \u043f\u0440\u0435\u0434\u043b\u043e\u0436\u0435\u043d\u0438\u0438"', '"\u4ea7\u54c1\u6709\u6240\u6b20\u7f3a"'),
        ('reason.service', 'Dissatisfied with the service', '"Niezadowolenie z obs\u0142ugi"', '"\u041d\u0435\u0434\u043e\u0432\u043e\u043b\u044c\u0441\u0442\u0432\u043e \u0441\u0435\u0440\u0432\u0438\u0441\u043e\u043c"', '"\u5bf9\u670d\u52a1\u4e0d\u6ee1"'),
        ('reason.closed_business', 'Out of business', '"Zako\u0144czenie dzia\u0142alno\u015bci"', '"\u041f\u0440\u0435\u043a\u0440\u0430\u0442\u0438\u043b\u0438 \u0434\u0435\u044f\u0442\u0435\u043b\u044c\u043d\u043e\u0441\u0442\u044c"', '"\u5df2\u505c\u4e1a"'),
        ('reason.other', 'Other', '"Inne"', '"\u0414\u0440\u0443\u0433\u043e\u0435"', '"\u5176\u4ed6"'),
        ('reason.spam', 'Spam or junk', '"Spam"', '"\u0421\u043f\u0430\u043c"', '"\u5783\u573e\u4fe1\u606f"'),
        ('reason.test', 'Test', '"Test"', '"\u0422\u0435\u0441\u0442"', '"\u6d4b\u8bd5"')
    ) w (word, en, pl, ru, zh);

    RETURN words || (SELECT pg_catalog.jsonb_build_object('locale', l.locale::jsonb)
        FROM (VALUES
        ('en', '{"number": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["", ""]}, "time": {"dateTime": "%x, %X", "date": "%-d %b %Y", "time": "%H:%M:%S", "periods": ["AM", "PM"], "days": ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"], "shortDays": ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"], "months": ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"], "shortMonths": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]}}'),
        ('pl', '{"number": {"decimal": ",", "thousands": "\u00a0", "grouping": [3], "currency": ["", ""]}, "time": {"dateTime": "%A, %e %B %Y, %X", "date": "%d.%m.%Y", "time": "%H:%M:%S", "periods": ["AM", "PM"], "days": ["niedziela", "poniedzia\u0142ek", "wtorek", "\u015broda", "czwartek", "pi\u0105tek", "sobota"], "shortDays": ["niedz.", "pon.", "wt.", "\u015br.", "czw.", "pt.", "sob."], "months": ["stycze\u0144", "luty", "marzec", "kwiecie\u0144", "maj", "czerwiec", "lipiec", "sierpie\u0144", "wrzesie\u0144", "pa\u017adziernik", "listopad", "grudzie\u0144"], "shortMonths": ["sty", "lut", "mar", "kwi", "maj", "cze", "lip", "sie", "wrz", "pa\u017a", "lis", "gru"]}}'),
        ('ru', '{"number": {"decimal": ",", "thousands": "\u00a0", "grouping": [3], "currency": ["", ""]}, "time": {"dateTime": "%A, %e %B %Y, %X", "date": "%d.%m.%Y", "time": "%H:%M:%S", "periods": ["AM", "PM"], "days": ["\u0432\u043e\u0441\u043a\u0440\u0435\u0441\u0435\u043d\u044c\u0435", "\u043f\u043e\u043d\u0435\u0434\u0435\u043b\u044c\u043d\u0438\u043a", "\u0432\u0442\u043e\u0440\u043d\u0438\u043a", "\u0441\u0440\u0435\u0434\u0430", "\u0447\u0435\u0442\u0432\u0435\u0440\u0433", "\u043f\u044f\u0442\u043d\u0438\u0446\u0430", "\u0441\u0443\u0431\u0431\u043e\u0442\u0430"], "shortDays": ["\u0432\u0441", "\u043f\u043d", "\u0432\u0442", "\u0441\u0440", "\u0447\u0442", "\u043f\u0442", "\u0441\u0431"], "months": ["\u044f\u043d\u0432\u0430\u0440\u044c", "\u0444\u0435\u0432\u0440\u0430\u043b\u044c", "\u043c\u0430\u0440\u0442", "\u0430\u043f\u0440\u0435\u043b\u044c", "\u043c\u0430\u0439", "\u0438\u044e\u043d\u044c", "\u0438\u044e\u043b\u044c", "\u0430\u0432\u0433\u0443\u0441\u0442", "\u0441\u0435\u043d\u0442\u044f\u0431\u0440\u044c", "\u043e\u043a\u0442\u044f\u0431\u0440\u044c", "\u043d\u043e\u044f\u0431\u0440\u044c", "\u0434\u0435\u043a\u0430\u0431\u0440\u044c"], "shortMonths": ["\u044f\u043d\u0432", "\u0444\u0435\u0432", "\u043c\u0430\u0440", "\u0430\u043f\u0440", "\u043c\u0430\u0439", "\u0438\u044e\u043d", "\u0438\u044e\u043b", "\u0430\u0432\u0433", "\u0441\u0435\u043d", "\u043e\u043a\u0442", "\u043d\u043e\u044f", "\u0434\u0435\u043a"]}}'),
        ('zh', '{"number": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["", ""]}, "time": {"dateTime": "%x %A %X", "date": "%Y-%m-%d", "time": "%H:%M:%S", "periods": ["AM", "PM"], "days": ["\u661f\u671f\u65e5", "\u661f\u671f\u4e00", "\u661f\u671f\u4e8c", "\u661f\u671f\u4e09", "\u661f\u671f\u56db", "\u661f\u671f\u4e94", "\u661f\u671f\u516d"], "shortDays": ["\u5468\u65e5", "\u5468\u4e00", "\u5468\u4e8c", "\u5468\u4e09", "\u5468\u56db", "\u5468\u4e94", "\u5468\u516d"], "months": ["\u4e00\u6708", "\u4e8c\u6708", "\u4e09\u6708", "\u56db\u6708", "\u4e94\u6708", "\u516d\u6708", "\u4e03\u6708", "\u516b\u6708", "\u4e5d\u6708", "\u5341\u6708", "\u5341\u4e00\u6708", "\u5341\u4e8c\u6708"], "shortMonths": ["1\u6708", "2\u6708", "3\u6708", "4\u6708", "5\u6708", "6\u6708", "7\u6708", "8\u6708", "9\u6708", "10\u6708", "11\u6708", "12\u6708"]}}')
        ) l (language, locale)
        WHERE l.language = spoken);
END;
$$;
COMMENT ON FUNCTION leadflow.panel_words(text) IS
    'what leadflow.panel says of its own, word by word, in en, pl, ru or zh; locale says how numbers and dates are written. In a database whose encoding is not UTF8 all words are English. Errors: another language (22023)';

CREATE FUNCTION leadflow.panel_data(workspace text, language text DEFAULT 'en') RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
DECLARE
    words constant jsonb := leadflow.panel_words(language);
    answer jsonb;
BEGIN
    PERFORM leadflow.check_workspace(workspace);
    EXECUTE pg_catalog.format($query$
        -- what goes by the same name is told apart by its code
        WITH stage_label AS MATERIALIZED (
            SELECT n.stage, n.ordinal, n.label || CASE WHEN pg_catalog.count(*) OVER (PARTITION BY n.label) > 1 THEN ' (' || n.stage || ')' ELSE '' END AS label
            FROM (SELECT p.stage::text AS stage, p.ordinal, COALESCE(d.labels ->> $2, d.labels ->> 'en', p.label_en) AS label
                  FROM leadflow.spine() p
                  LEFT JOIN %1$I.stage_definition d ON d.stage = p.stage AND d.variant = '*') n
        ), reason_label AS MATERIALIZED (
            SELECT n.code, n.label || CASE WHEN pg_catalog.count(*) OVER (PARTITION BY n.label) > 1 THEN ' (' || n.code || ')' ELSE '' END AS label
            -- a label that nobody has changed is one of the panel's own words
            FROM (SELECT r.code,
                         COALESCE(r.labels ->> $2, CASE WHEN r.labels ->> 'en' = $3 ->> ('reason.' || r.code) THEN $1 ->> ('reason.' || r.code) END,
                                  r.labels ->> 'en', r.code) AS label
                  FROM %1$I.reason r) n
        ), member AS MATERIALIZED (
            SELECT m.member, COALESCE(m.full_name, m.member)
                || CASE WHEN pg_catalog.count(*) OVER (PARTITION BY COALESCE(m.full_name, m.member)) > 1 THEN ' (' || m.member || ')' ELSE '' END AS label
            FROM %1$I.team_member m
        ), funnel AS (
            SELECT f.position, f.stage, l.label, f.phase, $1 ->> ('phase.' || f.phase) AS phase_label, f.is_exit,
                   f.reached, f.now_in_stage, f.conversion_from_previous, f.conversion_from_first
            FROM %1$I.funnel f
            JOIN stage_label l ON l.stage = f.stage
        ), conversion AS (
            SELECT c.month, c.days, c.days || ' ' || ($1 ->> 'days') AS within, c.complete, $1 ->> CASE WHEN c.complete THEN 'yes' ELSE 'no' END AS complete_label,
                   c.leads, c.won, c.expected_share, c.expected_share_low, c.expected_share_high
            FROM %1$I.cohort_conversion c
            WHERE c.days IN (30, 90, 180) AND c.expected_share IS NOT NULL
                AND c.month > pg_catalog.date_trunc('month', (SELECT leadflow.clock())) - interval '24 months'
        ), sla AS MATERIALIZED (
            SELECT pg_catalog.date_trunc('week', s.started_at)::date AS week,
                   pg_catalog.count(*) FILTER (WHERE s.state = 'met') AS met,
                   pg_catalog.count(*) FILTER (WHERE s.state = 'met_late') AS met_late,
                   pg_catalog.count(*) FILTER (WHERE s.state = 'breached') AS breached,
                   pg_catalog.count(*) FILTER (WHERE s.state IN ('running', 'warning', 'paused')) AS open
            FROM %1$I.sla_status s
            WHERE s.started_at >= pg_catalog.date_trunc('week', (SELECT leadflow.clock())) - interval '25 weeks'
                AND NOT EXISTS (SELECT FROM %1$I.lead_outside x WHERE x.lead_id = s.lead_id)
            GROUP BY 1
        ), sla_share AS (
            SELECT s.week, s.met, s.met + s.met_late + s.breached AS ended,
                   (s.met::numeric / NULLIF(s.met + s.met_late + s.breached, 0))::numeric(9,6) AS met_share
            FROM sla s
            WHERE s.met + s.met_late + s.breached > 0
        ), sla_week AS (
            SELECT s.week, v.state, $1 ->> ('state.' || v.state) AS state_label, v.position, v.clocks
            FROM sla s
            CROSS JOIN LATERAL (VALUES ('met', 1, s.met), ('met_late', 2, s.met_late), ('breached', 3, s.breached), ('open', 4, s.open)) v (state, position, clocks)
            WHERE v.clocks > 0
        ), breach AS (
            SELECT b.policy, pg_catalog.max(b.promise) AS promise, pg_catalog.count(*) AS clocks,
                   pg_catalog.round(pg_catalog.max(b.since_due_seconds) / 86400.0, 1) AS oldest_days
            FROM %1$I.sla_breach b
            GROUP BY b.policy
        ), curve AS (
            SELECT c.position, c.bucket, $1 ->> ('bucket.' || c.position) AS wait, c.goal, $1 ->> ('goal.' || c.goal) AS goal_label,
                   c.leads, c.reached, c.conversion, c.conversion_low, c.conversion_high
            FROM %1$I.sla_curve c
            WHERE c.since = 'handover' AND c.measure = 'elapsed' AND c.segment = '*'
        ), campaign AS MATERIALIZED (
            SELECT r.*
            FROM %1$I.campaign_return r
            WHERE r.spend IS NOT NULL OR r.new_revenue > 0
            ORDER BY r.spend DESC NULLS LAST, r.new_revenue DESC, r.campaign_id
            LIMIT 12
        ), campaigns AS (
            SELECT pg_catalog.dense_rank() OVER (ORDER BY c.spend DESC NULLS LAST, c.new_revenue DESC, c.campaign_id) AS position,
                   c.campaign || CASE WHEN (SELECT pg_catalog.count(*) FROM campaign n WHERE n.campaign = c.campaign) > 1 THEN ' #' || c.campaign_id ELSE '' END AS campaign,
                   v.measure, $1 ->> v.measure AS measure_label, v.amount, c.leads, c.cost_per_lead, c.roi,
                   COALESCE($1 ->> ('advice.' || c.advice), c.advice) AS advice
            FROM campaign c
            CROSS JOIN LATERAL (VALUES ('spend', c.spend), ('new_revenue', c.new_revenue)) v (measure, amount)
        ), health AS MATERIALIZED (
            SELECT h.* FROM %1$I.pipeline_health h WHERE h.dimension = 'total'
        ), pipeline AS (
            SELECT v.bar, $1 ->> ('bar.' || v.bar) AS bar_label, p.ordinal AS position, p.ordinal AS stacked, p.stage, l.label, v.value, p.deals, p.win_rate
            FROM %1$I.pipeline_stages p
            JOIN stage_label l ON l.stage = p.stage
            CROSS JOIN LATERAL (VALUES ('open', p.value), ('forecast', p.weighted_value)) v (bar, value)
            WHERE p.deals > 0
            UNION ALL
            SELECT 'forecast', $1 ->> 'bar.forecast', 99, 0, NULL, $1 ->> 'won_value', h.won_value, NULL, NULL
            FROM health h
            WHERE h.target_value IS NOT NULL
        ), target AS (
            SELECT h.target_value, h.won_value, h.gap, h.coverage, h.weighted_coverage, h.target_starts_on || ' .. ' || h.target_ends_on AS period
            FROM health h
            WHERE h.target_value IS NOT NULL
        ), rejection AS (
            SELECT r.reason, CASE WHEN r.reason IS NULL THEN $1 ->> 'no_reason' ELSE COALESCE(l.label, r.reason) END AS label,
                   pg_catalog.sum(r.rejected) AS rejected, pg_catalog.sum(r.attempts) AS attempts, pg_catalog.sum(r.disputed) AS disputed
            FROM %1$I.rejections r
            LEFT JOIN reason_label l ON l.code = r.reason
            GROUP BY 1, 2
            ORDER BY 3 DESC, r.reason
            LIMIT 10
        ), loss AS (
            SELECT r.reason, CASE WHEN r.reason IS NULL THEN $1 ->> 'no_reason' ELSE COALESCE(l.label, r.reason) END AS label,
                   pg_catalog.sum(r.deals) AS deals, pg_catalog.sum(r.value) AS value
            FROM %1$I.loss_reasons r
            LEFT JOIN reason_label l ON l.code = r.reason
            GROUP BY 1, 2
            ORDER BY 3 DESC, r.reason
            LIMIT 10
        ), work AS MATERIALIZED (
            SELECT w.owner, w.band, pg_catalog.count(*) AS tasks
            FROM %1$I.work_queue w
            GROUP BY w.owner, w.band
        ), busy AS MATERIALIZED (
            SELECT w.owner, pg_catalog.row_number() OVER (ORDER BY pg_catalog.sum(w.tasks) DESC, w.owner) AS position,
                   CASE WHEN w.owner IS NULL THEN $1 ->> 'nobody' ELSE COALESCE(m.label, w.owner) END AS label, COALESCE(o.open_leads, 0) AS open_leads
            FROM work w
            LEFT JOIN member m ON m.member = w.owner
            -- as owner_load counts them, without all the rest that it does
            LEFT JOIN (SELECT i.owner, pg_catalog.count(DISTINCT i.lead_id) AS open_leads
                       FROM %1$I.icp_leads i
                       WHERE i.stage::leadflow.stage >= 'mql' AND i.stage::leadflow.stage < 'won'
                       GROUP BY i.owner) o ON o.owner IS NOT DISTINCT FROM w.owner
            GROUP BY w.owner, m.label, o.open_leads
        ), queue AS (
            SELECT LEAST(b.position, 15) AS position, CASE WHEN b.position < 15 THEN b.label ELSE $1 ->> 'others' END AS owner,
                   w.band, $1 ->> ('band.' || w.band) AS band_label, pg_catalog.array_position(ARRAY['overdue', 'soon', 'day', 'later'], w.band) AS urgency,
                   pg_catalog.sum(w.tasks) AS tasks, pg_catalog.sum(b.open_leads) AS open_leads
            FROM work w
            JOIN busy b ON b.owner IS NOT DISTINCT FROM w.owner
            GROUP BY 1, 2, w.band
        )
        SELECT pg_catalog.jsonb_build_object(
            'funnel', (SELECT pg_catalog.jsonb_agg(f ORDER BY f.position) FROM funnel f WHERE EXISTS (SELECT FROM funnel e WHERE e.reached > 0)),
            'conversion', (SELECT pg_catalog.jsonb_agg(c ORDER BY c.days, c.month) FROM conversion c),
            'sla_share', (SELECT pg_catalog.jsonb_agg(s ORDER BY s.week) FROM sla_share s),
            'sla_weeks', (SELECT pg_catalog.jsonb_agg(s ORDER BY s.week, s.position) FROM sla_week s),
            'breaches', (SELECT pg_catalog.jsonb_agg(b ORDER BY b.clocks DESC, b.policy) FROM breach b),
            'curve', (SELECT pg_catalog.jsonb_agg(c ORDER BY c.goal, c.position) FROM curve c),
            'campaigns', (SELECT pg_catalog.jsonb_agg(c ORDER BY c.position, c.measure DESC) FROM campaigns c),
            'pipeline', (SELECT pg_catalog.jsonb_agg(p ORDER BY p.bar DESC, p.stacked) FROM pipeline p),
            'target', (SELECT pg_catalog.jsonb_agg(t) FROM target t),
            'rejections', (SELECT pg_catalog.jsonb_agg(r ORDER BY r.rejected DESC, r.reason) FROM rejection r),
            'losses', (SELECT pg_catalog.jsonb_agg(l ORDER BY l.deals DESC, l.reason) FROM loss l),
            'queue', (SELECT pg_catalog.jsonb_agg(q ORDER BY q.position, q.urgency) FROM queue q))
        $query$, workspace)
    INTO answer
    USING words, language, leadflow.panel_words('en');

    -- a chart without rows has an empty array
    RETURN (SELECT pg_catalog.jsonb_object_agg(d.key, CASE WHEN d.value = 'null' THEN '[]' ELSE d.value END) FROM pg_catalog.jsonb_each(answer) d);
END;
$$;
COMMENT ON FUNCTION leadflow.panel_data(text, text) IS
    'the data of leadflow.panel: an object with an array of rows for each chart, read from the reports of the workspace at leadflow.clock() with the rights of the caller. language: en, pl, ru or zh, for the labels. funnel: funnel; conversion: cohort_conversion, 30, 90 and 180 days, the last 24 months; sla_share and sla_weeks: sla_status by week, without lead_outside, the last 26 weeks; breaches: sla_breach by policy; curve: sla_curve since the handover, elapsed, all segments; campaigns: campaign_return, the 12 with the greatest spend; pipeline and target: pipeline_stages and pipeline_health; rejections, losses: rejections and loss_reasons, the 10 commonest reasons; queue: work_queue, by owner and band, with the open leads of icp_leads as owner_load counts them, the 14 with most to do and the others together. Counts are leads, clocks or deals, shares 0..1, amounts in the currency of the workspace. Errors: another language (22023), no such workspace (42704), no right to read a report (42501)';

CREATE FUNCTION leadflow.panel(workspace text, language text DEFAULT 'en') RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET standard_conforming_strings = on
    AS $$
DECLARE
    words jsonb := leadflow.panel_words(language);
    data jsonb;
    template text;
    drawn jsonb;
    word record;
    charts jsonb;
    headline jsonb;
    currency text;
    as_of text;
    is_empty boolean;
    dot text := '-';
BEGIN
    PERFORM leadflow.check_workspace(workspace);
    data := leadflow.panel_data(workspace, language);
    EXECUTE pg_catalog.format('SELECT w.currency FROM %I.workspace w', workspace) INTO currency;
    as_of := pg_catalog.to_char((SELECT leadflow.clock()), 'YYYY-MM-DD HH24:MI');
    IF pg_catalog.getdatabaseencoding() = 'UTF8' THEN
        dot := '"\u00b7"'::jsonb #>> '{}';
    END IF;
    words := words || pg_catalog.jsonb_build_object(
        'funnel_said', 'format(datum.reached, '','') + (isValid(datum.conversion_from_previous) ? ''  ' || dot || '  '' + format(datum.conversion_from_previous, ''.1~%'') : '''')',
        'money', (words ->> 'amount') || ', ' || currency, 'money_value', (words ->> 'value') || ', ' || currency,
        'money_per_lead', (words ->> 'cost_per_lead') || ', ' || currency, 'money_lost', (words ->> 'lost_value') || ', ' || currency,
        -- room for the numbers at the end of the bars
        'max_funnel', (SELECT pg_catalog.max((f ->> 'reached')::numeric) FROM pg_catalog.jsonb_array_elements(data -> 'funnel') f) * 1.3,
        'max_rejections', (SELECT pg_catalog.max((f ->> 'rejected')::numeric) FROM pg_catalog.jsonb_array_elements(data -> 'rejections') f) * 1.15,
        'max_losses', (SELECT pg_catalog.max((f ->> 'deals')::numeric) FROM pg_catalog.jsonb_array_elements(data -> 'losses') f) * 1.15,
        'max_breaches', (SELECT pg_catalog.max((f ->> 'clocks')::numeric) FROM pg_catalog.jsonb_array_elements(data -> 'breaches') f) * 1.15);

    template := $json${
        "funnel": {
            "height": {"step": 25},
            "encoding": {
                "y": {"field": "label", "type": "nominal", "sort": {"field": "position", "op": "min"}, "title": null, "axis": {"labelLimit": 260}},
                "x": {"field": "reached", "type": "quantitative", "title": "@reached", "scale": {"domainMin": 0, "domainMax": "@max_funnel", "nice": false}, "axis": {"labelExpr": "format(datum.value, '~s')", "tickCount": 5}}
            },
            "layer": [
                {"mark": {"type": "bar", "tooltip": true},
                 "encoding": {
                    "color": {"field": "phase", "type": "nominal", "title": "@phase", "scale": {"domain": ["marketing", "handoff", "sales", "customer", "exit"], "range": ["#56B4E9", "#E69F00", "#0072B2", "#009E73", "#999999"]},
                              "legend": {"labelExpr": "@phase_names"}},
                    "tooltip": [
                        {"field": "label", "type": "nominal", "title": "@stage"},
                        {"field": "phase_label", "type": "nominal", "title": "@phase"},
                        {"field": "reached", "type": "quantitative", "title": "@reached", "format": ","},
                        {"field": "now_in_stage", "type": "quantitative", "title": "@now", "format": ","},
                        {"field": "conversion_from_previous", "type": "quantitative", "title": "@from_previous", "format": ".1%"},
                        {"field": "conversion_from_first", "type": "quantitative", "title": "@from_first", "format": ".1%"}]}},
                {"transform": [{"calculate": "@funnel_said", "as": "said"}],
                 "mark": {"type": "text", "align": "left", "dx": 5},
                 "encoding": {"text": {"field": "said", "type": "nominal"}}}
            ]},
        "conversion": {
            "height": 200,
            "encoding": {
                "x": {"field": "month", "type": "temporal", "timeUnit": "utcyearmonth", "title": null, "axis": {"format": "@month_format", "tickCount": "month", "labelOverlap": true, "labelSeparation": 8, "grid": false}},
                "y": {"field": "expected_share", "type": "quantitative", "title": "@won_share", "axis": {"format": "~%", "tickCount": 5}},
                "color": {"field": "days", "type": "ordinal", "title": "@within", "scale": {"domain": [30, 90, 180], "range": ["#E69F00", "#56B4E9", "#0072B2"]}, "legend": {"labelExpr": "@days_names"}},
                "tooltip": [
                    {"field": "month", "type": "temporal", "timeUnit": "utcyearmonth", "title": "@month", "format": "@month_format"},
                    {"field": "within", "type": "nominal", "title": "@within"},
                    {"field": "leads", "type": "quantitative", "title": "@leads", "format": ","},
                    {"field": "expected_share", "type": "quantitative", "title": "@won_share", "format": ".1%"},
                    {"field": "expected_share_low", "type": "quantitative", "title": "@interval", "format": ".1%"},
                    {"field": "expected_share_high", "type": "quantitative", "title": "@interval_to", "format": ".1%"},
                    {"field": "complete_label", "type": "nominal", "title": "@complete"}]
            },
            "layer": [
                {"mark": {"type": "line", "strokeWidth": 2}},
                {"transform": [{"filter": "datum.complete"}], "mark": {"type": "point", "filled": true, "size": 55, "opacity": 1}},
                {"transform": [{"filter": "!datum.complete"}], "mark": {"type": "point", "filled": false, "size": 55, "opacity": 1}}
            ]},
        "sla_share": {
            "height": 190,
            "encoding": {
                "x": {"field": "week", "type": "ordinal", "timeUnit": "utcyearmonthdate", "title": null, "axis": {"format": "@week_format", "labelOverlap": true, "labelSeparation": 8, "labelAngle": 0, "grid": false}},
                "y": {"field": "met_share", "type": "quantitative", "title": "@met_share", "scale": {"domain": [0, 1]}, "axis": {"format": "~%", "tickCount": 5}},
                "tooltip": [
                    {"field": "week", "type": "temporal", "timeUnit": "utcyearmonthdate", "title": "@week", "format": "@week_format"},
                    {"field": "met_share", "type": "quantitative", "title": "@met_share", "format": ".1%"},
                    {"field": "met", "type": "quantitative", "title": "@state.met", "format": ","},
                    {"field": "ended", "type": "quantitative", "title": "@promises", "format": ","}]
            },
            "layer": [
                {"mark": {"type": "area", "color": "#0072B2", "opacity": 0.15}},
                {"mark": {"type": "line", "color": "#0072B2", "strokeWidth": 2, "point": {"filled": true, "size": 45, "color": "#0072B2"}}}
            ]},
        "sla_weeks": {
            "height": 210,
            "mark": {"type": "bar", "width": {"band": 0.8}},
            "encoding": {
                "x": {"field": "week", "type": "ordinal", "timeUnit": "utcyearmonthdate", "title": null, "axis": {"format": "@week_format", "labelOverlap": true, "labelSeparation": 8, "labelAngle": 0, "grid": false}},
                "y": {"field": "clocks", "type": "quantitative", "title": "@promises", "axis": {"labelExpr": "format(datum.value, '~s')", "tickCount": 5}},
                "color": {"field": "state", "type": "nominal", "title": null, "sort": null, "scale": {"domain": ["met", "met_late", "breached", "open"], "range": ["#0072B2", "#E69F00", "#D55E00", "#BBBBBB"]},
                          "legend": {"labelExpr": "@state_names"}},
                "order": {"field": "position", "type": "quantitative"},
                "tooltip": [
                    {"field": "week", "type": "temporal", "timeUnit": "utcyearmonthdate", "title": "@week", "format": "@week_format"},
                    {"field": "state_label", "type": "nominal", "title": "@outcome"},
                    {"field": "clocks", "type": "quantitative", "title": "@promises", "format": ","}]
            }},
        "breaches": {
            "height": {"step": 24},
            "encoding": {
                "y": {"field": "policy", "type": "nominal", "sort": {"field": "clocks", "op": "max", "order": "descending"}, "title": null, "axis": {"labelLimit": 160}},
                "x": {"field": "clocks", "type": "quantitative", "title": "@promises", "scale": {"domainMin": 0, "domainMax": "@max_breaches", "nice": false}, "axis": {"labelExpr": "format(datum.value, '~s')", "tickCount": 5, "tickMinStep": 1}},
                "tooltip": [
                    {"field": "policy", "type": "nominal", "title": "@policy"},
                    {"field": "promise", "type": "nominal", "title": "@promise"},
                    {"field": "clocks", "type": "quantitative", "title": "@promises", "format": ","},
                    {"field": "oldest_days", "type": "quantitative", "title": "@oldest", "format": ",.1f"}]
            },
            "layer": [
                {"mark": {"type": "bar", "color": "#D55E00"}},
                {"mark": {"type": "text", "align": "left", "dx": 5}, "encoding": {"text": {"field": "clocks", "type": "quantitative", "format": ","}}}
            ]},
        "curve": {
            "height": 250,
            "encoding": {
                "x": {"field": "wait", "type": "ordinal", "sort": {"field": "position", "op": "min"}, "title": "@wait", "axis": {"labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 6, "grid": false}},
                "color": {"field": "goal", "type": "nominal", "title": null, "scale": {"domain": ["accepted", "won"], "range": ["#E69F00", "#0072B2"]}, "legend": {"labelExpr": "@goal_names"}},
                "tooltip": [
                    {"field": "wait", "type": "nominal", "title": "@wait"},
                    {"field": "goal_label", "type": "nominal", "title": "@goal"},
                    {"field": "leads", "type": "quantitative", "title": "@leads", "format": ","},
                    {"field": "conversion", "type": "quantitative", "title": "@share", "format": ".1%"},
                    {"field": "conversion_low", "type": "quantitative", "title": "@interval", "format": ".1%"},
                    {"field": "conversion_high", "type": "quantitative", "title": "@interval_to", "format": ".1%"}]
            },
            "layer": [
                {"transform": [{"filter": "datum.position > 1 && datum.position < 13"}], "mark": {"type": "area", "opacity": 0.15},
                 "encoding": {"y": {"field": "conversion_low", "type": "quantitative", "title": "@share", "scale": {"domainMin": 0}, "axis": {"format": "~%", "tickCount": 5}}, "y2": {"field": "conversion_high"}}},
                {"transform": [{"filter": "datum.position > 1 && datum.position < 13"}], "mark": {"type": "line", "strokeWidth": 2}, "encoding": {"y": {"field": "conversion", "type": "quantitative"}}},
                {"mark": {"type": "point", "filled": true, "size": 50, "opacity": 1}, "encoding": {"y": {"field": "conversion", "type": "quantitative"}}}
            ]},
        "campaigns": {
            "height": {"step": 13},
            "mark": {"type": "bar"},
            "encoding": {
                "y": {"field": "campaign", "type": "nominal", "sort": {"field": "position", "op": "min"}, "title": null, "axis": {"labelLimit": 150}, "scale": {"paddingInner": 0.25}},
                "yOffset": {"field": "measure", "type": "nominal", "sort": ["spend", "new_revenue"]},
                "x": {"field": "amount", "type": "quantitative", "title": "@money", "axis": {"labelExpr": "format(datum.value, '~s')", "tickCount": 5}},
                "color": {"field": "measure", "type": "nominal", "title": null, "scale": {"domain": ["spend", "new_revenue"], "range": ["#E69F00", "#0072B2"]}, "legend": {"labelExpr": "@measure_names"}},
                "tooltip": [
                    {"field": "campaign", "type": "nominal", "title": "@campaign"},
                    {"field": "measure_label", "type": "nominal", "title": "@measure"},
                    {"field": "amount", "type": "quantitative", "title": "@money", "format": ",.0f"},
                    {"field": "leads", "type": "quantitative", "title": "@leads", "format": ","},
                    {"field": "cost_per_lead", "type": "quantitative", "title": "@money_per_lead", "format": ",.2f"},
                    {"field": "roi", "type": "quantitative", "title": "@roi", "format": ".1f"},
                    {"field": "advice", "type": "nominal", "title": "@advice"}]
            }},
        "pipeline": {
            "height": {"step": 46},
            "layer": [
                {"mark": {"type": "bar"},
                 "encoding": {
                    "y": {"field": "bar_label", "type": "nominal", "sort": {"field": "bar", "order": "descending"}, "title": null, "axis": {"labelLimit": 150}},
                    "x": {"field": "value", "type": "quantitative", "title": "@money_value", "axis": {"labelExpr": "format(datum.value, '~s')", "tickCount": 5}},
                    "color": {"field": "label", "type": "nominal", "title": null, "sort": {"field": "position", "op": "min"},
                              "legend": {"columns": 3, "offset": 24}},
                    "order": {"field": "stacked", "type": "quantitative"},
                    "tooltip": [
                        {"field": "bar_label", "type": "nominal", "title": "@bar"},
                        {"field": "label", "type": "nominal", "title": "@stage"},
                        {"field": "value", "type": "quantitative", "title": "@money_value", "format": ",.0f"},
                        {"field": "deals", "type": "quantitative", "title": "@deals", "format": ","},
                        {"field": "win_rate", "type": "quantitative", "title": "@win_rate", "format": ".1%"}]}},
                {"data": {"name": "target"},
                 "mark": {"type": "rule", "color": "#D55E00", "strokeWidth": 2.5, "strokeDash": [6, 3]},
                 "encoding": {
                    "x": {"field": "target_value", "type": "quantitative"},
                    "tooltip": [
                        {"field": "target_value", "type": "quantitative", "title": "@target", "format": ",.0f"},
                        {"field": "period", "type": "nominal", "title": "@period"},
                        {"field": "won_value", "type": "quantitative", "title": "@won_value", "format": ",.0f"},
                        {"field": "coverage", "type": "quantitative", "title": "@coverage", "format": ".2f"}]}},
                {"data": {"name": "target"},
                 "transform": [{"calculate": "@target_said", "as": "said"}],
                 "mark": {"type": "text", "color": "#D55E00", "fontWeight": "bold", "baseline": "bottom", "dy": -4, "y": 0},
                 "encoding": {"x": {"field": "target_value", "type": "quantitative"}, "text": {"field": "said", "type": "nominal"}}}
            ]},
        "rejections": {
            "height": {"step": 24},
            "encoding": {
                "y": {"field": "label", "type": "nominal", "sort": {"field": "rejected", "op": "max", "order": "descending"}, "title": null, "axis": {"labelLimit": 260}},
                "x": {"field": "rejected", "type": "quantitative", "title": "@rejected", "scale": {"domainMin": 0, "domainMax": "@max_rejections", "nice": false}, "axis": {"labelExpr": "format(datum.value, '~s')", "tickCount": 5, "tickMinStep": 1}},
                "tooltip": [
                    {"field": "label", "type": "nominal", "title": "@reason"},
                    {"field": "rejected", "type": "quantitative", "title": "@rejected", "format": ","},
                    {"field": "attempts", "type": "quantitative", "title": "@attempts", "format": ","},
                    {"field": "disputed", "type": "quantitative", "title": "@disputed", "format": ","}]
            },
            "layer": [
                {"mark": {"type": "bar", "color": "#CC79A7"}},
                {"mark": {"type": "text", "align": "left", "dx": 5}, "encoding": {"text": {"field": "rejected", "type": "quantitative", "format": ","}}}
            ]},
        "losses": {
            "height": {"step": 24},
            "encoding": {
                "y": {"field": "label", "type": "nominal", "sort": {"field": "deals", "op": "max", "order": "descending"}, "title": null, "axis": {"labelLimit": 260}},
                "x": {"field": "deals", "type": "quantitative", "title": "@deals", "scale": {"domainMin": 0, "domainMax": "@max_losses", "nice": false}, "axis": {"labelExpr": "format(datum.value, '~s')", "tickCount": 5, "tickMinStep": 1}},
                "tooltip": [
                    {"field": "label", "type": "nominal", "title": "@reason"},
                    {"field": "deals", "type": "quantitative", "title": "@deals", "format": ","},
                    {"field": "value", "type": "quantitative", "title": "@money_lost", "format": ",.0f"}]
            },
            "layer": [
                {"mark": {"type": "bar", "color": "#CC79A7"}},
                {"mark": {"type": "text", "align": "left", "dx": 5}, "encoding": {"text": {"field": "deals", "type": "quantitative", "format": ","}}}
            ]},
        "queue": {
            "height": {"step": 27},
            "mark": {"type": "bar"},
            "encoding": {
                "y": {"field": "owner", "type": "nominal", "sort": {"field": "position", "op": "min"}, "title": null, "axis": {"labelLimit": 170}},
                "x": {"field": "tasks", "type": "quantitative", "title": "@tasks", "axis": {"labelExpr": "format(datum.value, '~s')", "tickCount": 5, "tickMinStep": 1}},
                "color": {"field": "band", "type": "nominal", "title": null, "scale": {"domain": ["overdue", "soon", "day", "later"], "range": ["#D55E00", "#E69F00", "#56B4E9", "#BBBBBB"]}, "legend": {"labelExpr": "@band_names"}},
                "order": {"field": "urgency", "type": "quantitative"},
                "tooltip": [
                    {"field": "owner", "type": "nominal", "title": "@owner"},
                    {"field": "band_label", "type": "nominal", "title": "@band"},
                    {"field": "tasks", "type": "quantitative", "title": "@tasks", "format": ","},
                    {"field": "open_leads", "type": "quantitative", "title": "@open_leads", "format": ","}]
            }}
        }$json$;

    -- what a legend says for the codes of its scale
    FOR word IN SELECT v.name, v.kind, v.codes
                FROM (VALUES ('phase_names', 'phase.', '{marketing,handoff,sales,customer,exit}'::text[]), ('state_names', 'state.', '{met,met_late,breached,open}'),
                             ('goal_names', 'goal.', '{accepted,won}'), ('measure_names', '', '{spend,new_revenue}'), ('band_names', 'band.', '{overdue,soon,day,later}')) v (name, kind, codes) LOOP
        words := words || pg_catalog.jsonb_build_object(word.name,
            (SELECT pg_catalog.jsonb_object_agg(c.code, words -> (word.kind || c.code)) FROM pg_catalog.unnest(word.codes) c (code))::text || '[datum.value]');
    END LOOP;
    words := words || pg_catalog.jsonb_build_object(
        'days_names', 'datum.value + ' || (pg_catalog.to_jsonb(' ' || (words ->> 'days')))::text,
        'target_said', (words -> 'target')::text || ' + '' '' + format(datum.target_value, ''.3~s'')');
    FOR word IN SELECT w.key, w.value FROM pg_catalog.jsonb_each(words) w LOOP
        template := pg_catalog.replace(template, '"@' || word.key || '"', word.value::text);
    END LOOP;

    -- the stages in their order, under the names that the company gave them
    drawn := pg_catalog.jsonb_set(template::jsonb, '{pipeline,layer,0,encoding,color,scale}', (
        SELECT pg_catalog.jsonb_build_object(
                   'domain', COALESCE(pg_catalog.jsonb_agg(p.label ORDER BY p.position), '[]'),
                   'range', COALESCE(pg_catalog.jsonb_agg(CASE p.position WHEN 8 THEN '#9ECAE1' WHEN 9 THEN '#6BAED6' WHEN 10 THEN '#4292C6' WHEN 11 THEN '#2171B5' WHEN 12 THEN '#08519C'
                                                          ELSE '#009E73' END ORDER BY p.position), '[]'))
        FROM (SELECT DISTINCT p ->> 'label' AS label, (p ->> 'position')::integer AS position
              FROM pg_catalog.jsonb_array_elements(data -> 'pipeline') p) p));
    SELECT pg_catalog.jsonb_object_agg(c.key, pg_catalog.jsonb_build_object(
               'name', c.key,
               'width', 520,
               'title', pg_catalog.jsonb_build_object('text', words -> c.key, 'subtitle', words -> (c.key || '_note')),
               'description', words -> (c.key || '_note'))
           || CASE WHEN data -> c.key = '[]'
                   THEN pg_catalog.jsonb_build_object(
                       'data', pg_catalog.jsonb_build_object('values', '[{}]'::jsonb), 'height', 60, 'mark', '{"type": "text", "fontSize": 14}'::jsonb,
                       'encoding', pg_catalog.jsonb_build_object('text', pg_catalog.jsonb_build_object('value', words -> 'nothing')))
                   ELSE c.value || pg_catalog.jsonb_build_object('data', pg_catalog.jsonb_build_object('name', c.key)) END)
    INTO charts
    FROM pg_catalog.jsonb_each(drawn) c;

    SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('label', words -> h.label, 'value', h.value, 'format', h.format, 'unit', CASE WHEN h.label = 'head_coverage' THEN 'x' ELSE '' END) ORDER BY h.position)
    INTO headline
    FROM (VALUES
        (1, 'head_leads', (SELECT (f ->> 'reached')::numeric FROM pg_catalog.jsonb_array_elements(data -> 'funnel') f WHERE f ->> 'stage' = 'lead'), ','),
        (2, 'head_won', (SELECT (pg_catalog.max((f ->> 'reached')::numeric) FILTER (WHERE f ->> 'stage' = 'won') / NULLIF(pg_catalog.max((f ->> 'reached')::numeric) FILTER (WHERE f ->> 'stage' = 'mql'), 0))::numeric(9,6)
                         FROM pg_catalog.jsonb_array_elements(data -> 'funnel') f), '.1%'),
        (3, 'head_kept', (SELECT (pg_catalog.sum((s ->> 'met')::numeric) / NULLIF(pg_catalog.sum((s ->> 'ended')::numeric), 0))::numeric(9,6) FROM pg_catalog.jsonb_array_elements(data -> 'sla_share') s), '.1%'),
        (4, 'head_breached', (SELECT COALESCE(pg_catalog.sum((b ->> 'clocks')::numeric), 0) FROM pg_catalog.jsonb_array_elements(data -> 'breaches') b), ','),
        (5, 'head_coverage', (SELECT (t ->> 'coverage')::numeric FROM pg_catalog.jsonb_array_elements(data -> 'target') t), '.2f'),
        (6, 'head_overdue', (SELECT COALESCE(pg_catalog.sum((q ->> 'tasks')::numeric) FILTER (WHERE q ->> 'band' = 'overdue'), 0) FROM pg_catalog.jsonb_array_elements(data -> 'queue') q), ',')
    ) h (position, label, value, format);
    is_empty := NOT EXISTS (SELECT FROM pg_catalog.jsonb_each(data) d WHERE d.value <> '[]');

    RETURN pg_catalog.jsonb_build_object(
        '$schema', 'https://vega.github.io/schema/vega-lite/v6.json',
        'title', pg_catalog.jsonb_build_object('text', words -> 'title', 'anchor', 'start', 'fontSize', 20, 'subtitleFontSize', 13, 'offset', 16,
            'subtitle', CASE WHEN is_empty THEN words ->> 'all_nothing' ELSE pg_catalog.format('%s, %s %s', workspace, words ->> 'as_of', as_of) END),
        'description', words -> 'title',
        'usermeta', pg_catalog.jsonb_build_object('workspace', workspace, 'language', language, 'as_of', as_of, 'as_of_label', words -> 'as_of',
            'currency', currency, 'empty', is_empty, 'nothing', words -> 'all_nothing', 'headline', headline),
        'background', 'white',
        'config', pg_catalog.jsonb_build_object('locale', words -> 'locale') || '{
            "view": {"stroke": null},
            "concat": {"spacing": 40},
            "title": {"anchor": "start", "fontSize": 15, "subtitleFontSize": 11.5, "offset": 12},
            "axis": {"labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal", "domain": false, "ticks": false, "labelPadding": 6},
            "axisY": {"minExtent": 30},
            "text": {"fontSize": 11},
            "legend": {"orient": "top", "labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal", "symbolType": "circle", "symbolOpacity": 1, "labelLimit": 220}}',
        'datasets', data,
        'resolve', '{"scale": {"color": "independent", "x": "independent", "y": "independent"}}'::jsonb,
        'vconcat', pg_catalog.jsonb_build_array(
            pg_catalog.jsonb_build_object('hconcat', pg_catalog.jsonb_build_array(charts -> 'funnel',
                pg_catalog.jsonb_build_object('vconcat', pg_catalog.jsonb_build_array(charts -> 'pipeline', charts -> 'conversion')))),
            pg_catalog.jsonb_build_object('hconcat', pg_catalog.jsonb_build_array(
                pg_catalog.jsonb_build_object('vconcat', pg_catalog.jsonb_build_array(charts -> 'sla_share', charts -> 'sla_weeks')),
                pg_catalog.jsonb_build_object('vconcat', pg_catalog.jsonb_build_array(charts -> 'curve', charts -> 'breaches')))),
            pg_catalog.jsonb_build_object('hconcat', pg_catalog.jsonb_build_array(charts -> 'campaigns', charts -> 'queue')),
            pg_catalog.jsonb_build_object('hconcat', pg_catalog.jsonb_build_array(charts -> 'rejections', charts -> 'losses'))));
END;
$$;
COMMENT ON FUNCTION leadflow.panel(text, text) IS
    'one picture of the workspace at leadflow.clock() that both departments open: a specification of Vega-Lite 6 (https://vega.github.io/vega-lite/) with its data inside, as in leadflow.panel_data. Charts: funnel, pipeline against target, conversion by month, promises kept and by week, response time, promises broken, sources and cost, work queue, reasons. Aggregates only, no row per lead. language: en, pl, ru or zh, for labels, numbers and dates. A chart without rows, and an empty workspace, say so. usermeta.headline has six numbers to show above the charts. panel/build.mjs makes a page of it. Errors: another language (22023), no such workspace (42704), no right to read a report (42501)';
