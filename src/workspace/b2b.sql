/*
 * defaults.sql: a complete business-to-business agreement, so that a new
 * workspace works at once.  Every row is meant to be edited.
 */

INSERT INTO stage_definition (stage, labels, meaning, team, kind, entry_evidence, exit_criteria, norm)
SELECT s.stage,
       pg_catalog.jsonb_build_object('en', s.label_en, 'pl', s.label_pl, 'ru', s.label_ru, 'zh', s.label_zh),
       s.meaning, d.team, d.kind, d.entry_evidence, d.exit_criteria, d.norm::interval
FROM leadflow.spine() s
JOIN (VALUES
    ('visitor',      'marketing', 'inventory', 'a visit', 'a target action', NULL),
    ('engaged',      'marketing', 'inventory', 'a target action: content, event, sign-up', 'a name and a way to answer', NULL),
    ('lead',         'marketing', 'inventory', 'a person we can name', 'target role, verified contact, two signs of interest', '30 days'),
    ('mql',          'marketing', 'sla',       'target role, verified contact, two signs of interest of different kinds', 'sales has tried to reach the lead', '2 days'),
    ('contacted',    'sales',     'sla',       'an attempt to reach the lead', 'sales accepts the lead or says why not', '10 days'),
    ('sal',          'sales',     'gate',      'the handoff packet: why now, what was promised, the evidence', 'need, budget and time frame are confirmed', '7 days'),
    ('sql',          'sales',     'gate',      'a confirmed need, a budget and a time frame for the decision', 'problem and solution fit', '14 days'),
    ('opportunity',  'sales',     'inventory', 'problem and solution fit', 'the budget and the decision makers are confirmed', '21 days'),
    ('budget',       'sales',     'inventory', 'budget and decision makers confirmed', 'the value is validated', '21 days'),
    ('value',        'sales',     'inventory', 'value validated by the buyer', 'an offer is asked for', '21 days'),
    ('proposal',     'sales',     'sla',       'an offer with an amount and a date', 'the buyer agrees to implement', '21 days'),
    ('decision',     'sales',     'gate',      'agreement to implement', 'a signature, or a reason why not', '14 days'),
    ('won',          'sales',     'gate',      'a signature', 'work has begun', '7 days'),
    ('onboarding',   'customer',  'sla',       'work has begun', 'the customer uses what was bought', '60 days'),
    ('active',       'customer',  'inventory', 'the customer uses what was bought', 'a further need', NULL),
    ('expansion',    'customer',  'inventory', 'a further need of a customer', 'a further deal', NULL),
    ('nurture',      'marketing', 'detour',    'a reason, and the wish to hear from us', 'a new sign of interest', NULL),
    ('disqualified', 'marketing', 'terminal',  'a reason', 'new facts', NULL),
    ('lost',         'sales',     'terminal',  'a reason', 'a new sign of interest', NULL),
    ('churned',      'customer',  'terminal',  'a reason', 'a new sign of interest', NULL)
) d (stage, team, kind, entry_evidence, exit_criteria, norm) ON s.stage = d.stage::leadflow.stage
ORDER BY s.ordinal;

INSERT INTO stage_definition (stage, labels, meaning, team, kind, entry_evidence, exit_criteria, norm) VALUES
    ('proposal.deal_desk', '{"en": "Proposal, at the deal desk"}',
        'An offer that waits for a decision on a discount, a clause, a technical question or a reference.', 'sales', 'sla',
        'a question that the seller may not decide', 'the answer of the deal desk', '2 days');
-- the other languages only where the database's encoding has their letters
UPDATE stage_definition d
SET labels = d.labels || l.labels::jsonb
FROM pg_catalog.unnest(ARRAY[
    '{"pl": "Oferta, w deal desku", "ru": "\u041f\u0440\u0435\u0434\u043b\u043e\u0436\u0435\u043d\u0438\u0435 \u043d\u0430 \u0441\u043e\u0433\u043b\u0430\u0441\u043e\u0432\u0430\u043d\u0438\u0438", "zh": "\u62a5\u4ef7\u5ba1\u6279\u4e2d"}']) l (labels)
WHERE d.stage = 'proposal.deal_desk' AND pg_catalog.getdatabaseencoding() = 'UTF8';

INSERT INTO transition (object, from_stage, to_stage, reason_required, meaning) VALUES
    ('lead', NULL, 'nurture', true, 'not now: back to marketing'),
    ('lead', NULL, 'disqualified', true, 'never: not a prospect'),
    ('lead', NULL, 'lost', true, 'decided for another way'),
    ('lead', 'won', 'churned', true, 'a customer leaves'),
    ('lead', 'onboarding', 'churned', true, 'a customer leaves'),
    ('lead', 'active', 'churned', true, 'a customer leaves'),
    ('lead', 'expansion', 'churned', true, 'a customer leaves'),
    ('lead', 'nurture', 'engaged', false, 'interested again'),
    ('lead', 'nurture', 'lead', false, 'interested again'),
    ('lead', 'lost', 'engaged', false, 'interested again'),
    ('lead', 'lost', 'lead', false, 'interested again'),
    ('lead', 'churned', 'lead', false, 'interested again'),
    ('lead', 'disqualified', 'lead', true, 'disqualified in error'),
    ('lead', 'contacted', 'mql', true, 'handed back: nobody was reached'),
    ('lead', 'sal', 'mql', true, 'handed back by sales'),
    ('lead', 'sql', 'sal', true, 'a confirmation did not hold'),
    ('lead', 'opportunity', 'sql', true, 'no fit yet'),
    ('lead', 'active', 'onboarding', true, 'set-up has to be repeated'),
    ('lead', 'expansion', 'active', false, 'the further deal is done'),
    ('opportunity', NULL, 'lost', true, 'decided for another way'),
    ('opportunity', NULL, 'disqualified', true, 'opened in error'),
    ('opportunity', 'won', 'churned', true, 'a customer leaves'),
    ('opportunity', 'onboarding', 'churned', true, 'a customer leaves'),
    ('opportunity', 'active', 'churned', true, 'a customer leaves'),
    ('opportunity', 'lost', 'opportunity', true, 'the buyer comes back'),
    ('opportunity', 'budget', 'opportunity', true, 'the fit is in doubt again'),
    ('opportunity', 'value', 'budget', true, 'the budget is in doubt again'),
    ('opportunity', 'proposal', 'value', true, 'the value is in doubt again'),
    ('opportunity', 'decision', 'proposal', true, 'a new offer is needed');

INSERT INTO standard (object, stage, criterion, requirement, expression, how_to_fix, position) VALUES
    ('lead', 'mql', 'target_role', 'The contact has a role that decides or prepares the decision.',
        'role ~* ''\m(c[a-z]o|chief|founder|owner|partner|president|director|head|vp|vice.president|manager|lead|buyer|procurement)\M''',
        'Set role, or edit this criterion to name your target roles.', 10),
    ('lead', 'mql', 'verified_contact', 'Identity is verified and there is a way to answer.',
        'verified AND (pg_catalog.btrim(email) <> '''' OR pg_catalog.btrim(phone) <> '''')',
        'Verify the contact: set email or phone, then verified.', 20),
    ('lead', 'mql', 'two_signals', 'At least two signs of interest of different kinds.',
        'signal_kinds >= 2',
        'Record the inbound touches that show interest.', 30),
    ('lead', 'mql', 'rested', 'A lead that sales gave back rests before it is handed over again, unless its request is hot or sales takes it back.',
        'rests_until <= stage_since IS NOT FALSE OR urgency = ''hot'' OR stage >= ''sal''',
        'Wait until rests_until, or set urgency to hot when the lead asks by itself.', 40),
    ('lead', 'nurture', 'narrative', 'Sales tells marketing what it learnt of a lead that it gives back.',
        'furthest_stage >= ''mql'' IS NOT TRUE OR pg_catalog.btrim(narrative) <> ''''',
        'Set narrative: what the lead needs, and when to ask again.', 10),
    ('lead', 'sal', 'why_now', 'Handoff packet: why now.',
        'pg_catalog.btrim(why_now) <> ''''', 'Set why_now.', 10),
    ('lead', 'sal', 'promised', 'Handoff packet: what was promised to the lead.',
        'pg_catalog.btrim(promised) <> ''''', 'Set promised; write nothing if nothing was promised.', 20),
    ('lead', 'sal', 'evidence', 'Handoff packet: what the lead did that shows interest.',
        'pg_catalog.btrim(evidence) <> ''''', 'Set evidence.', 30),
    ('lead', 'sql', 'confirmed_need', 'The need is confirmed, in the buyer''s words.',
        'pg_catalog.btrim(need) <> ''''', 'Set need.', 10),
    ('lead', 'sql', 'budget', 'There is a budget.',
        'budget > 0', 'Set budget and currency.', 20),
    ('lead', 'sql', 'decision_timeframe', 'The buyer wants to decide within a year.',
        'decision_by <= (stage_since + interval ''366 days'')::date',
        'Set decision_by.', 30),
    ('opportunity', 'opportunity', 'buyer', 'The lead or the account is known.',
        'lead_id IS NOT NULL OR account_id IS NOT NULL', 'Set lead_id or account_id.', 10),
    ('opportunity', 'proposal', 'amount', 'The offer has an amount.',
        'amount > 0', 'Set amount and currency.', 10),
    ('opportunity', 'proposal', 'expected_close', 'The offer has a date on which it should close.',
        'expected_close IS NOT NULL', 'Set expected_close.', 20);

INSERT INTO nurture_track (track, position, meaning, content, wake_after, cool_down) VALUES
    ('stay_in_touch', 10, 'Interested, but not now.', 'a newsletter a month, one case of the same industry', '90 days', '30 days'),
    ('not_reached', 20, 'Nobody was reached.', 'three short e-mails with something useful in each', '30 days', '14 days'),
    ('budget_cycle', 30, 'The budget comes with the next plan.', 'a calculation of the return, the price list before planning begins', '180 days', '60 days');

INSERT INTO reason (code, applies_to, category, labels, needs_note, next_step) VALUES
    ('duplicate', '{disqualified}', 'data', '{"en": "Duplicate"}', false, 'merge'),
    ('bad_contact_data', '{disqualified,nurture}', 'data', '{"en": "Contact data is wrong"}', false, 'mend the data'),
    ('not_target', '{disqualified,mql,sal}', 'fit', '{"en": "Not our market"}', false, 'mend the audience'),
    ('wrong_role', '{disqualified,nurture,mql}', 'fit', '{"en": "Has no say in the decision"}', false, 'find the decision maker'),
    ('no_need', '{nurture,disqualified,lost,sal,sql}', 'need', '{"en": "No need"}', false, 'mend the score'),
    ('no_budget', '{nurture,lost,sal,sql,opportunity}', 'budget', '{"en": "No budget"}', false, 'nurture'),
    ('too_expensive', '{nurture,lost}', 'budget', '{"en": "Too expensive"}', false, 'mend the offer'),
    ('not_now', '{nurture,lost,sal,sql}', 'timing', '{"en": "Not now"}', false, 'nurture'),
    ('no_response', '{nurture,lost,mql}', 'timing', '{"en": "Nobody was reached"}', false, 'nurture'),
    ('competitor', '{lost,churned}', 'competitor', '{"en": "Chose a competitor"}', true, 'debrief'),
    ('no_decision', '{lost,nurture}', 'timing', '{"en": "No decision"}', false, 'nurture'),
    ('missing_feature', '{lost,churned,opportunity,value}', 'fit', '{"en": "Something is missing in the offer"}', true, 'tell the product team'),
    ('service', '{churned,lost,onboarding}', 'other', '{"en": "Dissatisfied with the service"}', true, 'debrief'),
    ('closed_business', '{churned,disqualified,lost}', 'other', '{"en": "Out of business"}', false, 'nothing'),
    ('entered_in_error', '{}', 'data', '{"en": "Entered in error"}', false, 'nothing'),
    ('deleted_in_source', '{disqualified}', 'data', '{"en": "Deleted in the source"}', false, 'nothing'),
    ('other', '{}', 'other', '{"en": "Other"}', true, 'read the note');
INSERT INTO reason (code, applies_to, category, labels, next_step, counts) VALUES
    ('spam', '{disqualified}', 'data', '{"en": "Spam or junk"}', 'nothing', false),
    ('test', '{disqualified}', 'data', '{"en": "Test"}', 'nothing', false);

UPDATE reason SET needs_attempts = true, nurture_track = 'not_reached' WHERE code = 'no_response';
UPDATE reason SET nurture_track = 'budget_cycle' WHERE code IN ('no_budget', 'too_expensive');

INSERT INTO objection (code, labels)
SELECT o.code, pg_catalog.jsonb_build_object('en', o.label_en)
    || CASE WHEN pg_catalog.getdatabaseencoding() = 'UTF8' THEN o.labels::jsonb ELSE '{}' END
FROM (VALUES
    ('think_about_it', 'I will think about it', '{"pl": "Zastanowi\u0119 si\u0119", "ru": "\u042f \u043f\u043e\u0434\u0443\u043c\u0430\u044e", "zh": "\u6211\u518d\u8003\u8651\u4e00\u4e0b"}'),
    ('too_expensive', 'It is too expensive', '{"pl": "To za drogie", "ru": "\u042d\u0442\u043e \u0434\u043e\u0440\u043e\u0433\u043e", "zh": "\u592a\u8d35\u4e86"}'),
    ('ask_partner', 'I must ask my partner', '{"pl": "Musz\u0119 to uzgodni\u0107 ze wsp\u00f3lnikiem", "ru": "\u041c\u043d\u0435 \u043d\u0443\u0436\u043d\u043e \u043f\u043e\u0441\u043e\u0432\u0435\u0442\u043e\u0432\u0430\u0442\u044c\u0441\u044f \u0441 \u043f\u0430\u0440\u0442\u043d\u0451\u0440\u043e\u043c", "zh": "\u6211\u5f97\u548c\u5408\u4f19\u4eba\u5546\u91cf"}'),
    ('unclear_offer', 'I do not understand what you offer', '{"pl": "Nie rozumiem, co oferujecie", "ru": "\u042f \u043d\u0435 \u043f\u043e\u043d\u0438\u043c\u0430\u044e, \u0447\u0442\u043e \u0432\u044b \u043f\u0440\u0435\u0434\u043b\u0430\u0433\u0430\u0435\u0442\u0435", "zh": "\u6211\u4e0d\u660e\u767d\u4f60\u4eec\u63d0\u4f9b\u4ec0\u4e48"}'),
    ('just_looking', 'Can I just look?', '{"pl": "Czy mog\u0119 tylko popatrze\u0107?", "ru": "\u041c\u043e\u0436\u043d\u043e \u044f \u043f\u0440\u043e\u0441\u0442\u043e \u043f\u043e\u0441\u043c\u043e\u0442\u0440\u044e?", "zh": "\u6211\u53ef\u4ee5\u5148\u770b\u770b\u5417"}'),
    ('bad_timing', 'Not at this time', '{"pl": "Nie w tej chwili", "ru": "\u0421\u0435\u0439\u0447\u0430\u0441 \u043d\u0435 \u0432\u0440\u0435\u043c\u044f", "zh": "\u73b0\u5728\u4e0d\u662f\u65f6\u5019"}'),
    ('have_a_supplier', 'We have a supplier', '{"pl": "Mamy ju\u017c dostawc\u0119", "ru": "\u0423 \u043d\u0430\u0441 \u0443\u0436\u0435 \u0435\u0441\u0442\u044c \u043f\u043e\u0441\u0442\u0430\u0432\u0449\u0438\u043a", "zh": "\u6211\u4eec\u5df2\u7ecf\u6709\u4f9b\u5e94\u5546\u4e86"}')
) o (code, label_en, labels);

INSERT INTO touch_kind (kind, is_signal, is_contact, meaning) VALUES
    ('web_visit', true, false, 'visits the site'),
    ('content_download', true, false, 'downloads content'),
    ('ad_click', false, false, 'clicks an advertisement'),
    ('email_open', false, false, 'opens an e-mail'),
    ('email_click', true, false, 'follows a link in an e-mail'),
    ('form_submit', true, false, 'fills in a form'),
    ('webinar_attended', true, false, 'takes part in a webinar'),
    ('event_attended', true, false, 'takes part in an event'),
    ('contact_request', true, false, 'asks to talk'),
    ('demo_request', true, false, 'asks for a demonstration'),
    ('pricing_request', true, false, 'asks for a price'),
    ('trial_started', true, false, 'starts a trial'),
    ('call', true, true, 'a telephone call'),
    ('email', true, true, 'a personal e-mail'),
    ('social_message', true, true, 'a personal message on a social network'),
    ('meeting', true, true, 'a meeting'),
    ('note', false, false, 'an internal note'),
    ('sequence_email', false, false, 'an automatic e-mail');

INSERT INTO sla_policy (policy, metric, position, starts_on_stage, starts_on_touch, condition,
                        stops_on_touch, stops_on_stage, stops_on_verdict, target, warn_after, measure, promise) VALUES
    ('hot_request', 'first_response', 10, NULL, '{demo_request,pricing_request}', NULL,
        '{call,email,social_message,meeting}', 'sal', false, '00:15', '00:10', 'working', 'A hot request is answered within 15 minutes.'),
    ('contact_request', 'first_response', 20, NULL, '{contact_request}', NULL,
        '{call,email,social_message,meeting}', 'sal', false, '02:00', '01:30', 'working', 'A request to talk is answered within 2 working hours.'),
    ('new_mql', 'first_response', 30, 'mql', NULL, NULL,
        '{call,email,social_message,meeting}', 'sal', false, '24:00', '20:00', 'elapsed', 'A new MQL is contacted within 24 hours.'),
    ('event_follow_up', 'event_follow_up', 10, NULL, '{webinar_attended,event_attended}', NULL,
        '{call,email,social_message,meeting}', 'sal', false, '48:00', '24:00', 'elapsed', 'Whoever took part in an event is contacted within 24 to 48 hours.'),
    ('verdict', 'verdict', 10, 'contacted', NULL, NULL,
        NULL, NULL, true, '16:00', '12:00', 'working', 'Sales accepts or rejects a contacted lead within 2 working days.'),
    ('next_response', 'next_response', 10, NULL, '{call,email,social_message,meeting}', 'stage >= ''contacted''',
        '{call,email,social_message,meeting}', NULL, false, '08:00', '06:00', 'working', 'Whoever writes or calls again is answered within a working day.');
UPDATE sla_policy SET restarts = true WHERE policy = 'next_response';

INSERT INTO sla_policy (policy, metric, starts_on_stage, stops_on_touch, stops_on_inbound, stops_on_verdict,
                        attempts, channels, spacing, attempt_every, target, warn_after, measure, promise) VALUES
    ('cadence', 'cadence', 'mql', '{call,email,social_message,meeting}', '{call,email,social_message,meeting,contact_request,demo_request,pricing_request}', true,
        6, 3, '02:00', '08:00', '10 days', '7 days', 'elapsed', 'A new MQL is tried 6 times over 3 channels within 10 days, until it answers.');

INSERT INTO sla_policy (policy, object, metric, starts_on_stage, stops_on_leaving, target, warn_after, measure, promise) VALUES
    ('deal_desk', 'opportunity', 'deal_desk', 'proposal.deal_desk', true, '08:00', '06:00', 'working',
        'The deal desk decides on discounts, clauses and technical questions within a working day.');

INSERT INTO alert_rule (kind, receiver, after, threshold, meaning) VALUES
    ('warning', 'owner', NULL, NULL, 'A promise is about to be broken.'),
    ('breach', 'owner', NULL, NULL, 'A promise is broken.'),
    ('exhausted', 'owner', NULL, NULL, 'All attempts to reach a lead were made, and it has not answered.'),
    ('never_contacted', 'manager', '3 days', NULL, 'A lead was handed over and nobody has tried to reach it.'),
    ('volume_without_sales', 'owner', '90 days', 100, 'A campaign brings many leads and no sale.'),
    ('data_gap', 'revops', NULL, 0.8, 'Many rows lack a field that is owed.'),
    ('woken', 'owner', NULL, NULL, 'A lead comes back from nurture.');

INSERT INTO consequence (policy, event, action, after, reason) VALUES
    ('hot_request', 'breach', 'escalate', '0', NULL),
    ('contact_request', 'breach', 'escalate', '04:00', NULL),
    ('new_mql', 'breach', 'escalate', '04:00', NULL),
    ('cadence', 'exhausted', 'return_to_nurture', '0', 'no_response');

INSERT INTO field_owner (object, field, team, owed_from, meaning) VALUES
    ('lead', 'full_name', 'marketing', 'lead', 'first and last name of the person'),
    ('lead', 'email', 'marketing', 'mql', 'a business address that reaches the person'),
    ('lead', 'phone', 'marketing', NULL, 'a number that reaches the person, with its country code'),
    ('lead', 'role', 'marketing', 'mql', 'role in the decision, or title'),
    ('lead', 'origin', 'marketing', 'lead', 'where the lead came from'),
    ('lead', 'campaign_id', 'marketing', NULL, 'campaign that brought the lead'),
    ('lead', 'industry', 'marketing', 'sql', 'industry of the company'),
    ('lead', 'segment', 'marketing', 'sql', 'market segment of the company'),
    ('lead', 'why_now', 'marketing', 'sal', 'why the lead asks now'),
    ('lead', 'promised', 'marketing', 'sal', 'what was promised to the lead; nothing, if nothing was'),
    ('lead', 'evidence', 'marketing', 'sal', 'what the lead did that shows interest'),
    ('lead', 'owner', 'sales', 'mql', 'team member who works on the lead'),
    ('lead', 'need', 'sales', 'sql', 'the need, in the buyer''s words'),
    ('lead', 'budget', 'sales', 'sql', 'what the buyer may spend'),
    ('lead', 'currency', 'sales', NULL, 'currency of the budget; empty for that of the workspace'),
    ('lead', 'decision_by', 'sales', 'sql', 'when the buyer wants to decide'),
    ('lead', 'account_id', 'sales', 'opportunity', 'company of the lead'),
    ('opportunity', 'owner', 'sales', 'opportunity', 'team member who works on the deal'),
    ('opportunity', 'account_id', 'sales', 'opportunity', 'company that buys'),
    ('opportunity', 'amount', 'sales', 'proposal', 'value of the offer'),
    ('opportunity', 'currency', 'sales', NULL, 'currency of the amount; empty for that of the workspace'),
    ('opportunity', 'expected_close', 'sales', 'proposal', 'when the deal should close'),
    ('account', 'name', 'marketing', 'lead', 'name of the company, as it writes it'),
    ('account', 'domain', 'marketing', 'sql', 'web domain'),
    ('account', 'industry', 'marketing', 'sql', 'industry'),
    ('account', 'segment', 'marketing', 'sql', 'market segment'),
    ('account', 'country', 'sales', 'opportunity', 'country of its seat'),
    ('account', 'employees', 'marketing', NULL, 'number of employees'),
    ('account', 'owner', 'sales', 'opportunity', 'team member who answers for the company');

INSERT INTO free_mail_domain (domain) VALUES
    ('gmail.com'), ('googlemail.com'), ('outlook.com'), ('hotmail.com'), ('live.com'), ('msn.com'),
    ('yahoo.com'), ('yahoo.co.uk'), ('yahoo.de'), ('yahoo.fr'), ('ymail.com'), ('icloud.com'), ('me.com'), ('mac.com'),
    ('aol.com'), ('proton.me'), ('protonmail.com'), ('zoho.com'), ('hey.com'),
    ('gmx.de'), ('gmx.net'), ('gmx.com'), ('web.de'), ('t-online.de'), ('freenet.de'),
    ('wp.pl'), ('o2.pl'), ('onet.pl'), ('op.pl'), ('interia.pl'), ('gazeta.pl'), ('poczta.fm'), ('tlen.pl'), ('vp.pl'),
    ('orange.fr'), ('free.fr'), ('laposte.net'), ('libero.it'), ('seznam.cz'), ('comcast.net'),
    ('mail.ru'), ('bk.ru'), ('list.ru'), ('inbox.ru'), ('yandex.ru'), ('ya.ru'), ('rambler.ru'), ('ukr.net'),
    ('qq.com'), ('foxmail.com'), ('163.com'), ('126.com'), ('sina.com'), ('naver.com');

INSERT INTO agreement (agreement, department, measure, period, at_least, promise) VALUES
    ('volume', 'marketing', 'handed_over', 'month', 100, 'Marketing hands over 100 leads a month.'),
    ('acceptance', 'marketing', 'accepted_share', 'month', 0.6, 'Sales accepts 60 of 100 leads that it answers for.'),
    ('qualification', 'marketing', 'qualified_share', 'quarter', 0.3, 'Of 100 leads that are handed over 30 have a confirmed need, a budget and a time frame.'),
    ('follow_up', 'sales', 'contacted_share', 'month', 0.95, 'Sales tries to reach 95 of 100 leads that are handed over.'),
    ('feedback', 'sales', 'verdict_share', 'month', 0.9, 'Sales accepts or rejects 90 of 100 leads that are handed over.'),
    ('reaction', 'sales', 'sla_met_share', 'month', 0.9, 'Of 100 promised reactions to leads 90 come in time.'),
    ('deals', 'sales', 'deal_share', 'quarter', 0.2, 'Of 100 leads with a confirmed need, a budget and a time frame 20 become deals.');

INSERT INTO score_group (score_group, cap, meaning) VALUES
    ('web', 30, 'visits and clicks: many of them are still only curiosity'),
    ('content', 40, 'reading and listening'),
    ('request', 80, 'asking for something');

INSERT INTO score_rule (rule, component, position, points, object, expression, meaning) VALUES
    ('role_decides', 'fit', 10, 25, 'lead', 'role ~* ''\m(chief|ceo|cto|cfo|coo|cmo|cio|head|director|vp|president|owner|founder|partner)\M''', 'Who has this title decides, or sits at the table.'),
    ('company_medium', 'fit', 20, 15, 'account', 'employees BETWEEN 50 AND 499', 'A company of 50 to 499 people.'),
    ('company_large', 'fit', 30, 25, 'account', 'employees >= 500', 'A company of 500 people or more.'),
    ('budget_named', 'fit', 40, 15, 'lead', 'budget > 0', 'The budget is known.'),
    ('decision_near', 'fit', 50, 15, 'lead', 'decision_by <= (leadflow.clock() + ''180 days'')::date', 'The buyer wants to decide within half a year.'),
    ('need_named', 'fit', 60, 10, 'lead', 'length(need) >= 20', 'The need is written down.'),
    ('verified', 'fit', 70, 10, 'lead', 'verified', 'The contact data were checked.');

INSERT INTO score_rule (rule, component, position, points, touch_kinds, counts, half_life, day_cap, cap, score_group, meaning) VALUES
    ('web_visit', 'behaviour', 110, 2, '{web_visit}', 'every', '7 days', 6, 20, 'web', 'Visits the site.'),
    ('email_click', 'behaviour', 120, 4, '{email_click}', 'content', '14 days', NULL, 20, 'web', 'Follows a link in an e-mail; each e-mail counts once.'),
    ('content_download', 'behaviour', 130, 8, '{content_download}', 'content', '30 days', NULL, 30, 'content', 'Downloads content; each piece counts once.'),
    ('webinar', 'behaviour', 140, 15, '{webinar_attended}', 'content', '30 days', NULL, NULL, 'content', 'Takes part in a webinar.'),
    ('event', 'behaviour', 150, 15, '{event_attended}', 'content', '30 days', NULL, NULL, 'content', 'Takes part in an event.'),
    ('form', 'behaviour', 160, 10, '{form_submit}', 'day', '14 days', NULL, 20, 'request', 'Fills in a form.'),
    ('contact_request', 'behaviour', 170, 30, '{contact_request}', 'day', '14 days', NULL, NULL, 'request', 'Asks to talk.'),
    ('pricing_request', 'behaviour', 180, 35, '{pricing_request}', 'day', '14 days', NULL, NULL, 'request', 'Asks for a price.'),
    ('demo_request', 'behaviour', 190, 40, '{demo_request}', 'day', '14 days', NULL, NULL, 'request', 'Asks for a demonstration.'),
    ('trial', 'behaviour', 200, 40, '{trial_started}', 'once', '21 days', NULL, NULL, 'request', 'Starts a trial.'),
    ('conversation', 'behaviour', 210, 15, '{call,email,social_message,meeting}', 'day', '21 days', NULL, 45, NULL, 'Writes, calls or meets us.');

INSERT INTO score_rule (rule, component, position, points, topics, counts, half_life, cap, meaning) VALUES
    ('intent', 'behaviour', 310, 5, '{*}', 'every', '14 days', 30, 'The company shows interest in one of our topics.');

INSERT INTO score_grade (component, grade, at_least, meaning) VALUES
    ('fit', 'A', 60, 'the customer we look for'),
    ('fit', 'B', 40, 'fits'),
    ('fit', 'C', 20, 'fits in part, or too little is known'),
    ('fit', 'D', 0, 'nothing that fits is known'),
    ('behaviour', '1', 60, 'wants something now'),
    ('behaviour', '2', 40, 'is looking around in earnest'),
    ('behaviour', '3', 15, 'has shown interest'),
    ('behaviour', '4', 0, 'is silent');

-- it moves nobody before it is made active
INSERT INTO score_move (code, from_stage, to_stage, condition, meaning, active) VALUES
    ('ready_for_sales', 'lead', 'mql', 'fit_grade <= ''B'' AND behaviour >= 40', 'Fits, and wants something: sales should hear of it.', false);

INSERT INTO score_feature (feature, position, object, kind, expression, meaning) VALUES
    ('origin', 10, 'lead', 'category', 'origin', 'where the lead came from'),
    ('segment', 20, 'lead', 'category', 'segment', 'market segment'),
    ('industry', 30, 'lead', 'category', 'industry', 'industry'),
    ('territory', 40, 'lead', 'category', 'territory', 'territory'),
    ('urgency', 50, 'lead', 'category', 'urgency', 'urgency'),
    ('decides', 60, 'lead', 'category', 'role ~* ''\m(chief|ceo|cto|cfo|coo|cmo|cio|head|director|vp|president|owner|founder|partner)\M''', 'whether the title is one that decides'),
    ('budget', 70, 'lead', 'number', 'budget', 'budget'),
    ('country', 80, 'account', 'category', 'country', 'country of the company'),
    ('employees', 90, 'account', 'number', 'employees', 'number of employees'),
    ('signals', 100, 'lead', 'number', 'signals', 'signs of interest'),
    ('signal_kinds', 110, 'lead', 'number', 'signal_kinds', 'different kinds of them'),
    ('attempts', 120, 'lead', 'number', 'attempts', 'attempts to reach it');

INSERT INTO intent_topic (topic, threshold, marketing_task, sales_task) VALUES
    ('pricing', 2, 'Send the series on cost and return.', 'Call the account owner''s contact and ask what they compare.'),
    ('competitor', 2, 'Send the comparison.', 'Start a talk about what their present tool lacks.'),
    ('implementation', 3, 'Send the story of a customer of the same industry.', 'Offer a talk with an engineer.');

INSERT INTO attribution_model (model, position, rule, lookback, touches, meaning) VALUES
    ('first', 10, 'first', '365 days', 'all', 'All to the first touch: what opened the door.'),
    ('last', 20, 'last', '365 days', 'all', 'All to the last touch before the deal was won: what closed it.'),
    ('last_non_direct', 30, 'last_non_direct', '365 days', 'all', 'All to the last touch that was not a direct visit.'),
    ('linear', 40, 'linear', '365 days', 'all', 'The same to every touch.'),
    ('position', 50, 'position 40 20 40', '365 days', 'all', '40 to the first touch, 40 to the last, 20 shared by those between.'),
    ('u_shaped', 60, 'u_shaped 40 40 20', '365 days', 'all', '40 to the first touch, 40 to the one that made a lead, 20 shared by the others.'),
    ('w_shaped', 70, 'w_shaped 30 30 30 10', '365 days', 'all', '30 to the first touch, 30 to the one that made a lead, 30 to the one that opened the opportunity, 10 shared by the others: the whole work of both departments.'),
    ('full_path', 80, 'full_path 22.5 22.5 22.5 22.5 10', '365 days', 'all', 'As w_shaped, and as much to the touch that closed the deal.'),
    ('time_decay', 90, 'time_decay 7 days', '365 days', 'all', 'More to what was nearer to the deal: half as much for every 7 days before.');

INSERT INTO attribution_purpose (purpose, model, meaning) VALUES
    ('budget', 'w_shaped', 'Where money of the next quarter goes.'),
    ('new_business', 'first', 'What opens doors that were closed before.');

INSERT INTO metric (metric, position, name, formula, unit, owner, better, report, numerator, denominator, period_column, whole_months, filter, numerator_filter, dimensions, shown_in) VALUES
    ('leads', 10, 'Leads', 'leads that reached lead in the period', 'count', 'marketing', 'higher', 'lead_milestone', '*', NULL, 'lead_at', false, '{}', '{}', '{origin,segment,campaign_id}', '{spend_efficiency.leads,revenue_sources.leads}'),
    ('mqls', 20, 'MQLs', 'leads that reached mql in the period', 'count', 'marketing', 'higher', 'lead_milestone', '*', NULL, 'mql_at', false, '{}', '{}', '{origin,segment,campaign_id}', '{spend_efficiency.mql}'),
    ('sals', 30, 'SALs', 'leads that reached sal in the period', 'count', 'both', 'higher', 'lead_milestone', '*', NULL, 'sal_at', false, '{}', '{}', '{origin,segment,campaign_id}', '{}'),
    ('sqls', 40, 'SQLs', 'leads that reached sql in the period', 'count', 'sales', 'higher', 'lead_milestone', '*', NULL, 'sql_at', false, '{}', '{}', '{origin,segment,campaign_id}', '{spend_efficiency.sql}'),
    ('lead_to_mql', 50, 'Lead to MQL', 'of the leads that came in during the period, those that reached mql by its end', 'share', 'marketing', 'higher', 'lead_milestone', 'mql_at', '*', 'lead_at', false, '{}', '{}', '{origin,segment,campaign_id}', '{}'),
    ('mql_to_sql', 60, 'MQL to SQL', 'of the MQLs of the period, those that reached sql by its end', 'share', 'both', 'higher', 'lead_milestone', 'sql_at', '*', 'mql_at', false, '{}', '{}', '{origin,segment,campaign_id}', '{}'),
    ('sql_to_won', 70, 'SQL to deal', 'of the SQLs of the period, those that were won by its end', 'share', 'sales', 'higher', 'lead_milestone', 'won_at', '*', 'sql_at', false, '{}', '{}', '{origin,segment,campaign_id}', '{}'),
    ('handed_over', 80, 'Handed over', 'leads that marketing handed over in the period', 'count', 'marketing', 'higher', 'handover', '*', NULL, 'mql_at', false, '{}', '{}', '{owner,team,origin,campaign_id,segment,variant}', '{volume_and_quality.handed_over}'),
    ('acceptance_rate', 90, 'Acceptance rate', 'of the leads handed over in the period that sales answered for, those it accepted', 'share', 'marketing', 'higher', 'handover', 'verdict', 'verdict', 'mql_at', false, '{}', '{"verdict": "accepted"}', '{owner,team,origin,campaign_id,segment,variant}', '{volume_and_quality.accepted_share,feedback_coverage.acceptance_rate}'),
    ('feedback_share', 100, 'Leads answered for', 'of the leads handed over in the period, those that sales answered for; without those that nobody reached after all attempts', 'share', 'sales', 'higher', 'handover', 'verdict', '*', 'mql_at', false, '{"returned_unreached": false}', '{}', '{owner,team,origin,campaign_id,segment,variant}', '{volume_and_quality.verdict_share,verdict_coverage.coverage_share}'),
    ('contacted_share', 110, 'Leads contacted', 'of the leads handed over in the period, those that somebody tried to reach', 'share', 'sales', 'higher', 'handover', 'first_contact_at', '*', 'mql_at', false, '{}', '{}', '{owner,team,origin,campaign_id,segment,variant}', '{volume_and_quality.contacted_share,follow_up_coverage.contacted_share}'),
    ('sla_met_share', 120, 'Promises kept', 'of the promised reactions to leads that began in the period and were due, those that came in time', 'share', 'sales', 'higher', 'volume_and_quality', 'promises_met', 'promises', 'month', true, '{}', '{}', '{}', '{volume_and_quality.sla_met_share,sla_compliance.met_share}'),
    ('promises_broken', 130, 'Broken promises', 'promised reactions that are overdue and still owed', 'count', 'sales', 'lower', 'sla_breach', '*', NULL, NULL, false, '{}', '{}', '{policy,owner,team}', '{}'),
    ('never_contacted', 150, 'Never contacted', 'leads that were handed over, that nobody has tried to reach and that still wait', 'count', 'sales', 'lower', 'never_contacted', '*', NULL, NULL, false, '{"is_exit": false}', '{}', '{owner,team,origin,campaign_id}', '{}'),
    ('opportunities', 160, 'Opportunities', 'deals opened in the period', 'count', 'sales', 'higher', 'deal', '*', NULL, 'opened_at', false, '{"outcome": ["open", "won", "lost"]}', '{}', '{owner,team,segment,territory,variant,origin,kind,campaign_id}', '{spend_efficiency.opportunities}'),
    ('pipeline_opened', 170, 'Pipeline opened', 'value of the deals opened in the period', 'money', 'both', 'higher', 'deal', 'value', NULL, 'opened_at', false, '{"outcome": ["open", "won", "lost"]}', '{}', '{owner,team,segment,territory,variant,origin,kind,campaign_id}', '{spend_efficiency.pipeline,pipeline_movement.opened_value}'),
    ('deals_won', 180, 'Deals won', 'deals won in the period', 'count', 'sales', 'higher', 'deal', '*', NULL, 'won_at', false, '{"outcome": "won"}', '{}', '{owner,team,segment,territory,variant,origin,kind,campaign_id,new_customer}', '{spend_efficiency.won,revenue_sources.won,win_rate.won}'),
    ('win_rate', 190, 'Win rate', 'of the deals won or lost in the period, those won', 'share', 'sales', 'higher', 'deal', '*', '*', 'closed_at', false, '{"outcome": ["won", "lost"]}', '{"outcome": "won"}', '{owner,team,segment,territory,variant,origin,kind,campaign_id}', '{win_rate.win_rate,spend_efficiency.win_rate}'),
    ('revenue', 210, 'Revenue', 'value of the deals won in the period', 'money', 'both', 'higher', 'deal', 'value', NULL, 'won_at', false, '{"outcome": "won"}', '{}', '{owner,team,segment,territory,variant,origin,kind,campaign_id,new_customer}', '{spend_efficiency.revenue,revenue_sources.revenue,win_rate.won_value}'),
    ('new_revenue', 220, 'New revenue', 'value of the first deals of customers, won in the period', 'money', 'both', 'higher', 'deal', 'value', NULL, 'won_at', false, '{"outcome": "won", "new_customer": true}', '{}', '{owner,team,segment,territory,variant,origin,kind,campaign_id}', '{spend_efficiency.new_revenue,revenue_sources.new_revenue}'),
    ('new_customers', 230, 'New customers', 'buyers whose first deal was won in the period', 'count', 'both', 'higher', 'deal', '*', NULL, 'won_at', false, '{"outcome": "won", "new_customer": true}', '{}', '{owner,team,segment,territory,variant,origin,kind,campaign_id}', '{spend_efficiency.new_customers,revenue_sources.new_customers}'),
    ('open_deals', 250, 'Open deals', 'deals that are open', 'count', 'sales', 'higher', 'pipeline_deals', '*', NULL, NULL, false, '{}', '{}', '{owner,team,segment,territory,variant,origin,kind,campaign_id,spine_stage}', '{pipeline_health.deals,pipeline_stages.deals}'),
    ('pipeline_value', 260, 'Pipeline', 'value of the deals that are open', 'money', 'sales', 'higher', 'pipeline_deals', 'value', NULL, NULL, false, '{}', '{}', '{owner,team,segment,territory,variant,origin,kind,campaign_id,spine_stage}', '{pipeline_health.value,pipeline_stages.value}'),
    ('weighted_pipeline', 270, 'Weighted pipeline', 'value of the deals that are open x win rate of their stage', 'money', 'sales', 'higher', 'pipeline_deals', 'weighted_value', NULL, NULL, false, '{}', '{}', '{owner,team,segment,territory,variant,origin,kind,campaign_id,spine_stage}', '{pipeline_health.weighted_value,pipeline_stages.weighted_value}'),
    ('coverage', 280, 'Pipeline coverage', 'value of the open deals / what is left of the revenue target that runs', 'ratio', 'sales', 'higher', 'pipeline_health', 'value', 'gap', NULL, false, '{"dimension": "total"}', '{}', '{dimension,dimension_value}', '{pipeline_health.coverage}'),
    ('stalled_deals', 290, 'Stalled deals', 'open deals that are in their stage for longer than its norm', 'count', 'sales', 'lower', 'pipeline_deals', 'stalled', NULL, NULL, false, '{}', '{}', '{owner,team,segment,territory,variant,origin,kind,campaign_id,spine_stage}', '{pipeline_health.stalled}'),
    ('spend', 310, 'Spend', 'what campaigns cost in the period', 'money', 'marketing', 'lower', 'campaign_spend', 'spend', NULL, 'month', true, '{}', '{}', '{campaign_id,campaign,channel}', '{campaign_spend.spend,spend_efficiency.spend}'),
    ('cost_per_lead', 320, 'Cost per lead', 'spend of the period / leads of the period', 'money', 'marketing', 'lower', 'spend_efficiency', 'spend', 'leads', 'month', true, '{"scope": ["campaign", "no_campaign"]}', '{}', '{campaign_id,campaign}', '{spend_efficiency.cost_per_lead,campaign_return.cost_per_lead}'),
    ('cost_per_mql', 330, 'Cost per MQL', 'spend of the period / MQLs of the period', 'money', 'marketing', 'lower', 'spend_efficiency', 'spend', 'mql', 'month', true, '{"scope": ["campaign", "no_campaign"]}', '{}', '{campaign_id,campaign}', '{}'),
    ('cost_per_new_customer', 340, 'Cost of a new customer (CAC)', 'spend of the period / new customers of the period', 'money', 'both', 'lower', 'spend_efficiency', 'spend', 'new_customers', 'month', true, '{"scope": ["campaign", "no_campaign"]}', '{}', '{campaign_id,campaign}', '{spend_efficiency.cost_per_new_customer,campaign_return.cost_per_new_customer}'),
    ('new_revenue_per_spend', 350, 'New revenue for one of spend', 'new revenue of the period / spend of the period', 'ratio', 'marketing', 'higher', 'spend_efficiency', 'new_revenue', 'spend', 'month', true, '{"scope": ["campaign", "no_campaign"]}', '{}', '{campaign_id,campaign}', '{spend_efficiency.new_revenue_per_spend}'),
    ('fields_missing', 360, 'Fields missing', 'of the fields that rows owe at their stage, those that are empty, as they are now', 'share', 'both', 'lower', 'completeness', 'missing', 'owed', NULL, false, '{}', '{}', '{object,field,team,origin,owner}', '{}');
INSERT INTO metric (metric, position, name, formula, unit, owner, better, report, aggregate, numerator, period_column, filter, dimensions, shown_in) VALUES
    ('first_response', 140, 'Median first response', 'median wait until the first response, elapsed, of the requests and MQLs of the period that were answered', 'seconds', 'sales', 'lower', 'sla_status', 'median', 'waiting_seconds', 'started_at', '{"metric": "first_response", "state": ["met", "met_late"]}', '{policy,owner,team,variant}', '{response_time.elapsed_seconds_median}'),
    ('deal_value', 200, 'Average deal', 'average value of the deals won in the period', 'money', 'sales', 'higher', 'deal', 'average', 'value', 'won_at', '{"outcome": "won"}', '{owner,team,segment,territory,variant,origin,kind,campaign_id,new_customer}', '{win_rate.won_value_average}'),
    ('velocity', 240, 'Sales velocity', 'open deals x win rate x average deal / days from opening to winning, of the year before', 'money a day', 'sales', 'higher', 'velocity', 'only', 'velocity', NULL, '{"dimension": "total", "dimension_value": "*"}', '{dimension,dimension_value}', '{velocity.velocity}'),
    ('sales_cycle', 245, 'Sales cycle', 'median days from opening to winning, of the year before', 'days', 'sales', 'lower', 'velocity', 'only', 'cycle_days_median', NULL, '{"dimension": "total", "dimension_value": "*"}', '{dimension,dimension_value}', '{velocity.cycle_days_median}'),
    ('roi', 355, 'Return of a campaign', '(revenue - spend) / spend of the campaign, for all time', 'ratio', 'marketing', 'higher', 'campaign_return', 'only', 'roi', NULL, '{}', '{campaign_id,campaign}', '{campaign_return.roi}');

INSERT INTO report_owner (report, owner, purpose) VALUES
    ('account_scores', 'marketing', 'which companies are warm'),
    ('agreement_kept', 'both', 'whether the two departments keep what they promised each other'),
    ('alerts_open', 'both', 'what nobody has taken note of'),
    ('attempts_to_answer', 'sales', 'how many attempts it takes to reach a lead'),
    ('attribution', 'marketing', 'who earned a deal'),
    ('attribution_compare', 'marketing', 'what another way of sharing credit would say'),
    ('battlecard_freshness', 'marketing', 'which battlecards are old, and which help'),
    ('bonus', 'both', 'what the parts of the bonus come to'),
    ('bottlenecks', 'both', 'which step costs most revenue'),
    ('buying_committee', 'sales', 'who takes part in a decision, and who is missing'),
    ('cadence_progress', 'sales', 'how far each series of attempts has come'),
    ('campaign_contact_effect', 'both', 'whether it pays to answer the leads of a campaign in time'),
    ('campaign_return', 'marketing', 'which campaign to repeat, which to stop'),
    ('campaign_spend', 'marketing', 'what was spent, and when'),
    ('channel_effect', 'sales', 'over which channels leads answer'),
    ('cohort', 'both', 'what becomes of the leads of a month'),
    ('cohort_conversion', 'both', 'how soon MQLs are won'),
    ('completeness', 'both', 'which fields are filled, and which are owed'),
    ('contact_attempt', 'sales', 'every attempt to reach a lead'),
    ('content_catalogue', 'marketing', 'which contents there are, how old and how used'),
    ('content_effect', 'marketing', 'which content moves leads on'),
    ('content_request_effect', 'both', 'whether what sales asks for helps to win'),
    ('content_requests', 'marketing', 'what sales has asked for and waits for'),
    ('conversation_moment', 'both', 'when it is best to move to a talk'),
    ('cost_per_stage', 'marketing', 'what a lead costs on each step'),
    ('current_stage', 'both', 'where everything is now'),
    ('customer_value', 'both', 'what customers come to be worth'),
    ('data_quality', 'both', 'what is wrong with the data'),
    ('deal', 'sales', 'every deal and how it ended'),
    ('deal_review', 'sales', 'what stands in the way of each open deal'),
    ('deal_touch', 'marketing', 'which touches led to a deal'),
    ('definition_faults', 'both', 'which definitions contradict each other'),
    ('definition_reviews', 'both', 'which definitions were not looked at for too long'),
    ('disputes', 'both', 'which rejections are argued about'),
    ('duplicate_candidates', 'marketing', 'which rows may be one'),
    ('experiment_result', 'both', 'what came of an experiment'),
    ('false_rejections', 'sales', 'which rejected leads were won all the same'),
    ('feature_value', 'marketing', 'which field is worth asking for'),
    ('feedback_coverage', 'sales', 'whether sales answers for the leads it gets'),
    ('first_contact_opinions', 'both', 'what customers say of the first contact'),
    ('follow_up_coverage', 'sales', 'whether leads that were handed over are worked'),
    ('forecast_accuracy', 'sales', 'what was forecast against what came'),
    ('funnel', 'both', 'how many leads reach each stage'),
    ('funnel_segmented', 'both', 'the same by group'),
    ('handover', 'both', 'every lead that was handed over'),
    ('hypothesis_board', 'both', 'what is believed, and what became of it'),
    ('icp_fit', 'both', 'whether those who fit the profile buy more often'),
    ('icp_leads', 'marketing', 'which leads fit the profile'),
    ('influence', 'both', 'what each department had to do with the revenue'),
    ('intent_tasks', 'both', 'what to do about companies that show interest'),
    ('joint_goals', 'both', 'what both departments owe, and where they stand'),
    ('keywords_heard', 'both', 'which words are heard in talks'),
    ('lead_card', 'sales', 'what to know before a call'),
    ('lead_milestone', 'both', 'when each lead reached what is counted'),
    ('lead_outside', 'both', 'what is left out of every count'),
    ('visible_lead', 'both', 'which leads the reader may see'),
    ('visible_opportunity', 'both', 'which opportunities the reader may see'),
    ('visible_account', 'both', 'which accounts the reader may see'),
    ('visible_touch', 'both', 'which touches the reader may see'),
    ('lead_scores', 'marketing', 'the score of every lead'),
    ('lead_story', 'both', 'what happened to a lead'),
    ('leakage', 'both', 'where leads get lost'),
    ('lessons_open', 'both', 'what was learnt and is still to be done'),
    ('loss_reasons', 'sales', 'what deals are lost for'),
    ('metric_dictionary', 'both', 'what a number means'),
    ('mix_rate', 'both', 'why a conversion changed'),
    ('never_contacted', 'sales', 'which leads nobody has tried to reach'),
    ('objection_answers', 'sales', 'which answers to an objection work'),
    ('objections', 'both', 'which doubts are heard most'),
    ('order_of_work', 'sales', 'whether the order of work was followed'),
    ('owner_load', 'sales', 'who carries how much'),
    ('pipeline_deals', 'sales', 'every open deal'),
    ('pipeline_health', 'sales', 'whether the pipeline is enough'),
    ('pipeline_movement', 'sales', 'how the pipeline changed'),
    ('pipeline_stages', 'sales', 'where the pipeline stands'),
    ('plan_vs_actual', 'both', 'where we stand against the plan'),
    ('proposals', 'both', 'which changes of definitions are proposed, and who has to agree'),
    ('qualification', 'marketing', 'what a lead was like when it was handed over'),
    ('quarantine_reasons', 'both', 'what keeps rows out'),
    ('quarterly_review', 'both', 'what came of the quarter, and what the next one needs'),
    ('reallocation', 'marketing', 'where to spend instead'),
    ('refusals', 'both', 'why leads are refused'),
    ('rejections', 'both', 'why sales rejects leads, and what it costs'),
    ('report_trust', 'both', 'how far a report can be trusted'),
    ('response_conversion', 'both', 'what waiting costs'),
    ('response_time', 'sales', 'how long reactions take'),
    ('revenue_sources', 'marketing', 'where revenue comes from'),
    ('revenue_structure', 'sales', 'what revenue is made of'),
    ('routing_fairness', 'sales', 'whether everybody gets the promised share'),
    ('routing_faults', 'sales', 'what is wrong with the routing'),
    ('score_errors', 'marketing', 'where the score is wrong'),
    ('score_faults', 'marketing', 'what is wrong with the rules of the score'),
    ('score_grid', 'both', 'what the grades are worth'),
    ('score_model_card', 'marketing', 'what a model says'),
    ('score_models', 'marketing', 'how good models are'),
    ('score_quality', 'marketing', 'how well the score tells'),
    ('sla_breach', 'sales', 'which promises are broken'),
    ('sla_compliance', 'sales', 'how promises are kept'),
    ('sla_curve', 'both', 'how conversion falls with waiting'),
    ('sla_open', 'sales', 'which promises are owed'),
    ('sla_status', 'sales', 'every promise'),
    ('sla_suggestion', 'both', 'which promise to choose'),
    ('sourced_influenced', 'both', 'whose deal it is'),
    ('spend_efficiency', 'marketing', 'whether money works better than before'),
    ('stage_dictionary', 'both', 'what a stage means'),
    ('stage_duration', 'both', 'how long stages last'),
    ('stage_history', 'both', 'every stay in a stage'),
    ('stage_win_rate', 'sales', 'how likely a deal is won from a stage'),
    ('stalled', 'both', 'what stands still'),
    ('unapproved_promises', 'both', 'what was promised that nobody approved'),
    ('velocity', 'sales', 'how much money the pipeline makes a day'),
    ('verdict_coverage', 'sales', 'whether sales answers for every lead'),
    ('verdict_quality', 'sales', 'whether the answers were right'),
    ('verdicts', 'both', 'what sales said of each lead'),
    ('volume_and_quality', 'both', 'what the departments delivered to each other'),
    ('volume_without_sales', 'marketing', 'who brings many leads and no sale'),
    ('wasted_effort', 'both', 'what work went into leads that were rejected'),
    ('weekly_review', 'both', 'what to talk about this week'),
    ('win_rate', 'sales', 'which deals are won'),
    ('won_lost_paths', 'marketing', 'which ways lead to deals'),
    ('work_order_kept', 'sales', 'whether the queue is followed'),
    ('work_queue', 'sales', 'what to do next');

INSERT INTO bonus_part (department, part, agreement, target_metric, weight, pays_from, cap, meaning) VALUES
    ('marketing', 'qualification', 'qualification', NULL, 0.5, 0.8, 1.2, 'Leads that turn out to have a need, a budget and a time frame.'),
    ('marketing', 'acceptance', 'acceptance', NULL, 0.2, 0.8, 1, 'Leads that sales accepts.'),
    ('marketing', 'revenue', NULL, 'revenue', 0.3, 0.8, 1.5, 'The revenue of the company.'),
    ('sales', 'deals', 'deals', NULL, 0.4, 0.8, 1.2, 'Leads with a need, a budget and a time frame that become deals.'),
    ('sales', 'reaction', 'reaction', NULL, 0.15, 0.9, 1, 'Reactions that come in time.'),
    ('sales', 'feedback', 'feedback', NULL, 0.15, 0.9, 1, 'Answers for the leads that marketing hands over.'),
    ('sales', 'revenue', NULL, 'revenue', 0.3, 0.8, 1.5, 'The revenue of the company.');

INSERT INTO icp (profile, segments, employees_from, employees_to, meaning) VALUES
    ('growing_company', NULL, 50, 999, 'Companies of 50 to 999 people that have outgrown spreadsheets and have nobody who keeps a large system.');
INSERT INTO icp_trigger (profile, code, meaning, how_seen, topic) VALUES
    ('growing_company', 'new_system', 'A system is replaced, and what hangs on it with it.', 'They read about implementation, or hire for it.', 'implementation'),
    ('growing_company', 'audit', 'An audit found that figures cannot be explained.', 'They ask for evidence and history.', NULL),
    ('growing_company', 'merger', 'Two companies become one, with two of everything.', 'News, and a new name on the site.', NULL);
INSERT INTO icp_barrier (profile, code, meaning, stage, objection, way_around) VALUES
    ('growing_company', 'partner', 'Nobody decides alone.', 'opportunity', 'ask_partner', 'Offer a talk with both, and a page for the one who is not there.'),
    ('growing_company', 'supplier', 'There is a supplier who knows everybody.', 'value', 'have_a_supplier', 'Show what stays undone today.');

INSERT INTO persona (persona, position, name, role_words, decides, budget, pain, awareness, uses_instead, criteria) VALUES
    ('managing_director', 10, 'Managing director', '{ceo,owner,founder,president,managing,partner,coo}', 'decides', 'decides on the whole budget',
        'Does not see why the figures are what they are.', 'problem', 'reports that somebody makes by hand', 'What it brings, how soon, and what happens if it fails.'),
    ('finance', 20, 'Head of finance', '{cfo,finance,financial,controller,controlling}', 'prepares', 'releases the budget',
        'Costs that nobody can tie to a result.', 'solution', 'spreadsheets', 'Cost in all, evidence in figures, terms of the contract.'),
    ('head_of_operations', 30, 'Head of operations', '{operations,it,cto,cio,technical,implementation}', 'influences', 'none of their own',
        'Tools that do not speak to each other.', 'product', 'what the present tools can do, with effort', 'Effort of the set-up, fit with what there is, support.');

INSERT INTO committee_role (committee_role, position, needed_from, persona, meaning, criteria) VALUES
    ('champion', 10, 'opportunity', NULL, 'Wants the change and speaks for it when we are not there.', 'What it makes easier.'),
    ('decision_maker', 20, 'budget', 'managing_director', 'Says yes in the end.', 'What it brings, and the risk.'),
    ('budget_holder', 30, 'budget', 'finance', 'Releases the money.', 'Cost in all, and when it comes back.'),
    ('evaluator', 40, 'value', 'head_of_operations', 'Tests whether it fits.', 'Effort, fit with what there is, support.');

INSERT INTO claim (claim, kind, phrase, instead_of, approved_by) VALUES
    ('nothing', 'promise', 'nothing', NULL, 'sales'),
    ('demonstration', 'promise', 'a demonstration', NULL, 'sales'),
    ('call_back', 'promise', 'a call within one working day', NULL, 'sales'),
    ('offer', 'promise', 'an offer within a week', NULL, 'sales'),
    ('qualified_lead', 'term', 'qualified lead', 'hot lead, good contact', 'revops');

INSERT INTO keyword (keyword, phrases, meaning, objection) VALUES
    ('price', '{price,expensive,discount*,cheaper}', 'Money is talked about.', 'too_expensive'),
    ('supplier', '{current supplier,we already use,contract ends,renewal*}', 'There is somebody else to be replaced.', 'have_a_supplier'),
    ('others_decide', '{my boss,the board,sign off,procurement,ask my*}', 'Whoever talks does not decide alone.', 'ask_partner'),
    ('proof', '{reference*,case study,case studies,proof,guarantee*}', 'They want to see that it works.', NULL),
    ('safety', '{security,data protection,gdpr,audit*}', 'Somebody will examine us.', NULL);

INSERT INTO review_cycle (definition, every, team, approved_by) VALUES
    ('standard', '6 months', 'revops', '{marketing,sales}'),
    ('stage_definition', '6 months', 'revops', '{marketing,sales}'),
    ('transition', '6 months', 'revops', '{marketing,sales}'),
    ('reason', '6 months', 'revops', '{marketing,sales}'),
    ('agreement', '3 months', NULL, '{marketing,sales}'),
    ('target', '3 months', NULL, '{marketing,sales}'),
    ('sla_policy', '3 months', 'sales', '{marketing,sales}'),
    ('routing_rule', '3 months', 'sales', '{sales}'),
    ('score_rule', '3 months', 'marketing', '{marketing,sales}'),
    ('objection', '6 months', 'sales', '{sales}'),
    ('exchange_rate', '1 month', 'revops', '{revops}');
