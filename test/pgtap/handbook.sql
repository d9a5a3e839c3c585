-- The handbook: what is in force, as Markdown
SET client_min_messages = warning;
SET timezone = 'UTC';
SELECT no_plan();

SELECT leadflow.create_workspace('crm'), leadflow.create_workspace('bare', 'empty'), leadflow.create_workspace('A|B *x*') \g /dev/null
\ir common/rows_of.sql
\ir common/tried.sql
SET search_path = crm, public;
SET leadflow.clock = '2026-07-01 00:00+00';

-- text as it is, in one line
SELECT is(leadflow.markdown(given), expected, expected) FROM (VALUES
    ('plain words, 5.5 (and more)', 'plain words, 5.5 (and more)'),
    (E'a | b\nc\td\r\n\n  e ', 'a \| b c d e'),
    ('back\slash `code` *bold* [link](x) <b> C# a&b ~x~', 'back\\slash \`code\` \*bold\* \[link\](x) \<b\> C\# a\&b \~x\~'),
    ('snake_case is fine, _this_ is not', 'snake_case is fine, \_this\_ is not'),
    ('- no list', '\- no list'), ('+ no list', '\+ no list'), ('1. no list', '1\. no list'), ('2) no list', '2\) no list'), ('0.6', '0.6'), ('2026 is a year', '2026 is a year'),
    ('', ''), (NULL, NULL), (E'a\u0001b', 'a b'), ('żółw 线索 лид', 'żółw 线索 лид')) t (given, expected);
SELECT is(leadflow.markdown_row('a', NULL, 'b|c', ''), '| a |  | b\|c |  |', 'a row of a table');
SELECT is(leadflow.span_words(span::interval, leadflow.handbook_words('en')), expected, span) FROM (VALUES
    ('30 days', '30 d'), ('00:15', '15 min'), ('48:00', '48 h'), ('1 year 2 mons 3 days 04:05:06.5', '1 y 2 mo 3 d 4 h 5 min 6.5 s'), ('0', NULL)) t (span, expected);
SELECT is(leadflow.span_words('2 hours', leadflow.handbook_words('zh')), '2 小时', 'in other words');

-- sections of a handbook by their headings
CREATE FUNCTION section(book text, heading text) RETURNS text LANGUAGE sql AS $$
    SELECT rtrim(regexp_replace(split_part(book, E'\n' || heading || E'\n\n', 2), '\n#.*', ''), E'\n')
    WHERE strpos(book, E'\n' || heading || E'\n') > 0
$$;
CREATE FUNCTION section(heading text) RETURNS text LANGUAGE sql AS $$ SELECT section(leadflow.handbook('crm'), heading) $$;

SELECT is(split_part(leadflow.handbook('crm'), E'\n', 1), '# How we work with leads: crm', 'it has a title');
SELECT is(split_part(leadflow.handbook('crm'), E'\n', 3), format('Version %s of the definitions, changed last at %s UTC. Made from the definitions that are in force. Where another text says otherwise, it is out of date.',
    (SELECT max(version) FROM definition_change), (SELECT to_char(max(changed_at), 'YYYY-MM-DD HH24:MI') FROM definition_change)), 'and the version that it rests on');
SELECT is(substring(leadflow.handbook('crm') FROM '\n\n$|[^\n]\n$') ~ '^[^\n]\n$', true, 'it ends with one line feed');
SELECT is(leadflow.handbook('crm'), leadflow.handbook('crm', 'en'), 'it is the same each time, in English by default');
SELECT is((SELECT string_agg(h, '; ') FROM regexp_split_to_table(leadflow.handbook('crm'), E'\n') h WHERE h LIKE '## %'),
    '## Stages; ## The standard: what a row must show to enter a stage; ## Moves back and out; ## Reasons; ## The verdict of sales; ## Promises (SLA); ## Nurture; ## Whom we look for; ## Whom we talk to; ## What we may promise, and how we say it; ## Who gets a lead; ## Scoring; ## Agreements in numbers; ## Targets; ## The numbers that we steer by; ## What the bonus rests on; ## Whose deal it is: attribution; ## Who answers for which field; ## How definitions are changed',
    'its sections');

-- every row of a table has as many cells as its head
CREATE FUNCTION ragged(book text) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM (
        SELECT cells, max(cells) FILTER (WHERE rule) OVER (PARTITION BY section) AS wanted
        FROM (SELECT length(regexp_replace(replace(replace(l, '\\', ''), '\|', ''), '[^|]', '', 'g')) AS cells, l LIKE '|---%' AS rule, count(*) FILTER (WHERE l LIKE '#%') OVER (ORDER BY n) AS section, l
              FROM regexp_split_to_table(book, E'\n') WITH ORDINALITY t (l, n)) x
        WHERE l LIKE '|%') y
    WHERE cells IS DISTINCT FROM wanted
$$;
SELECT is(ragged(leadflow.handbook(ws, language)), 0::bigint, ws || ' ' || language || ': tables are whole')
FROM unnest('{crm,bare,A|B *x*}'::text[]) ws, unnest('{en,pl,ru,zh}'::text[]) language;
SELECT is(ragged(E'# x\n| a | b |\n|---|---|\n| 1 | 2 | 3 |'), 1::bigint, 'one that is not would be seen');
SELECT is(split_part(leadflow.handbook('A|B *x*'), E'\n', 1), '# How we work with leads: A\|B \*x\*', 'a workspace of any name');
SELECT cmp_ok(length(leadflow.handbook('crm')), '<', 28000, 'it is short enough to be read');

-- each definition is told
SELECT is((SELECT count(*) FROM regexp_split_to_table(section(heading), E'\n') l WHERE l LIKE '| %') - 1, expected, heading) FROM (VALUES
    ('## Stages', (SELECT count(*) FROM stage_dictionary)), ('## Moves back and out', (SELECT count(*) FROM transition)), ('## Reasons', (SELECT count(*) FROM reason)),
    ('## Promises (SLA)', (SELECT count(*) FROM sla_policy)), ('### Calendars', 1), ('## Nurture', 3), ('## Scoring', (SELECT count(*) FROM score_rule)), ('### Grades', 8),
    ('## Agreements in numbers', 7), ('## The numbers that we steer by', (SELECT count(*) FROM metric)), ('## What the bonus rests on', (SELECT count(*) FROM bonus_part)),
    ('## Whom we look for', (SELECT count(*) FROM icp)), ('## Whom we talk to', (SELECT count(*) FROM persona)), ('## What we may promise, and how we say it', (SELECT count(*) FROM claim)), ('## Whose deal it is: attribution', 2), ('## Who answers for which field', (SELECT count(*) FROM field_owner)),
    ('## How definitions are changed', (SELECT count(*) FROM review_cycle))) t (heading, expected);
SELECT is((SELECT count(*) FROM regexp_split_to_table(leadflow.handbook('crm'), E'\n') l WHERE l LIKE '- %'), (SELECT count(*) + 3 FROM standard), 'criteria, and what the verdict rests on');
SELECT is(section('## Targets'), 'Nothing is agreed.', 'what is not agreed is told, too');
SELECT is(section('## Who gets a lead'), E'The first rule that matches wins.\n\nNothing is agreed.', 'as with routing');
SELECT is(section('### Sales qualified lead (sql)'), E'- The need is confirmed, in the buyer''s words. *Set need.*\n- There is a budget. *Set budget and currency.*\n- The buyer wants to decide within a year. *Set decision_by.*', 'the standard in words');

-- by hand
SELECT ok(position(expected IN section(heading)) > 0, label) FROM (VALUES
    ('## Stages', '| Proposal, at the deal desk | proposal.deal_desk | sales | An offer that waits for a decision on a discount, a clause, a technical question or a reference. | a question that the seller may not decide | the answer of the deal desk | 2 d |', 'a stage'),
    ('## Moves back and out', '| lead | any stage | Nurture | yes | not now: back to marketing |', 'a move'),
    ('## Reasons', '| Chose a competitor | competitor | competitor | Lost, Churned | yes | debrief |', 'a reason'),
    ('## The verdict of sales', '- Promised: A new MQL is tried 6 times', 'what is promised of verdicts'),
    ('## Promises (SLA)', '| A hot request is answered within 15 minutes. | hot_request | lead | demo_request, pricing_request | call, email, social_message, meeting, Sales accepted lead | 15 min | working time |', 'a promise'),
    ('## Promises (SLA)', '| cadence | lead | Marketing qualified lead | 6 attempts, 3 channels, call, email, social_message, meeting, a verdict, an answer | 10 d | elapsed time |', 'a cadence'),
    ('### Calendars', '| default | UTC; Mo-Fr 09:00-17:00 |', 'a calendar'),
    ('## Scoring', E'Work is ordered by: points by rules.', 'the score in force'),
    ('## Scoring', '| web_visit | behaviour | 2 | 7 d | Visits the site. |', 'a rule for points'),
    ('### Grades', '| fit | A | 60 | the customer we look for |', 'a grade'),
    ('## Agreements in numbers', '| marketing | Sales accepts 60 of 100 leads that it answers for. | accepted_share | 0.6 | month |  |', 'an agreement'),
    ('## Who answers for which field', '| lead | role | marketing | Marketing qualified lead | role in the decision, or title |', 'a field'),
    ('## How definitions are changed', '| exchange_rate | revops | revops | 1 mo |', 'a review')) t (heading, expected, label);

-- what is in force is what is told
INSERT INTO team_member (member, team, department, active) VALUES ('anna', 'inbound', 'sales', true), ('ben', 'inbound', 'sales', false), ('zoe', 'inbound', 'sales', true);
INSERT INTO pool (pool, fallback_owner, meaning) VALUES ('default', 'anna', 'whatever is left');
INSERT INTO pool_member VALUES ('default', 'anna', 2), ('default', 'ben', 1), ('default', 'zoe', 1);
INSERT INTO routing_rule (rule, territory, condition, pool, meaning) VALUES ('north', '{DK,SE}', 'budget > 5 | 3', 'default', 'Nordic | leads');
INSERT INTO routing_rule (rule, position, to_account_owner, pool) VALUES ('named', 10, true, 'default');
INSERT INTO target (metric, starts_on, ends_on, segment, value, agreed_on) VALUES ('revenue', '2026-07-01', '2026-09-30', 'large', 500000, '2026-06-01'), ('mql', '2026-04-01', '2026-06-30', NULL, 50, NULL), ('mql', '2026-07-01', '2026-07-31', NULL, 60, NULL);
INSERT INTO standard (variant, stage, criterion, requirement, expression, how_to_fix, mode) VALUES ('cl|oud', 'sql', 'x', E'# not a\nheading | nor a cell', 'true', '', 'warn');
INSERT INTO stage_definition (stage, variant, labels, meaning, team) VALUES ('sql', 'cloud', '{"en": "SQL of the cloud"}', 'x', 'sales');
SELECT is(section('## Who gets a lead'), E'The first rule that matches wins.\n\n| Rule | On entering | Which | Pool | Meaning |\n|---|---|---|---|---|\n'
    || E'| named | Marketing qualified lead | all | owner of the account |  |\n| north | Marketing qualified lead | DK, SE; budget \\> 5 \\| 3 | default | Nordic \\| leads |', 'rules in their order');
SELECT is(section('### Pools'), E'| Pool | Members | If nobody may | Meaning |\n|---|---|---|---|\n| default | anna (2), zoe | anna | whatever is left |', 'who has left is not in the pool');
SELECT is(section('## Targets'), E'| Metric | Period | For | Value | Agreed on |\n|---|---|---|---|---|\n| mql | 2026-07-01 .. 2026-07-31 | all | 60 |  |\n| revenue | 2026-07-01 .. 2026-09-30 | large | 500000 EUR | 2026-06-01 |', 'targets that have not ended');
SELECT ok(section('### Sales qualified lead (sql)') LIKE E'%\n- \\# not a heading \\| nor a cell (cl\\|oud, warns only)' ESCAPE '', 'a variant that only warns');
SELECT ok(section('## Stages') LIKE '%| SQL of the cloud (cloud) | sql |%', 'a stage of a variant');
SELECT is(ragged(leadflow.handbook('crm')), 0::bigint, 'tables are whole still');
SELECT is(section('### Moves by score'), NULL, 'no move is active');
SELECT is(tried($$UPDATE score_move SET active = true$$, $$SELECT section('### Moves by score')$$), E'| Move | From | To | Meaning |\n|---|---|---|---|\n| ready_for_sales | Lead | Marketing qualified lead | Fits, and wants something: sales should hear of it. |', 'until one is');
SELECT is(tried($$UPDATE reason SET active = code = 'spam'; UPDATE sla_policy SET active = false; UPDATE agreement SET ends_on = '2026-06-30' WHERE agreement <> 'deals'; UPDATE workspace SET score_in_force = 'model'$$,
    $$SELECT concat_ws('/', (SELECT count(*) FROM regexp_split_to_table(section('## Reasons'), E'\n')), section('## Promises (SLA)'), (SELECT count(*) FROM regexp_split_to_table(section('## Agreements in numbers'), E'\n')),
        section('## Scoring') LIKE 'Work is ordered by: probability by the model.%')$$), '3/Nothing is agreed./3/t', 'what is not in use, or has ended, is not told');

-- the order of rows on disk makes no difference
SELECT md5(leadflow.handbook('crm')) AS before \gset
BEGIN;
UPDATE reason SET next_step = next_step WHERE code < 'n'; UPDATE transition SET meaning = meaning WHERE id % 3 = 0; UPDATE standard SET position = position WHERE criterion < 'n';
UPDATE field_owner SET meaning = meaning WHERE field < 'i'; UPDATE score_rule SET meaning = meaning WHERE points > 14; UPDATE pool_member SET weight = weight WHERE member = 'anna';
SET LOCAL timezone = 'Asia/Kolkata'; SET LOCAL datestyle = 'German'; SET LOCAL intervalstyle = 'iso_8601';
SELECT regexp_replace(leadflow.handbook('crm'), 'Version .*? UTC\.', '') AS shuffled \gset
ROLLBACK;
SELECT is(:'shuffled', regexp_replace(leadflow.handbook('crm'), 'Version .*? UTC\.', ''), 'the order of rows and the settings make no difference');

-- four languages
SELECT is((SELECT string_agg(h, '; ') FROM (SELECT h FROM regexp_split_to_table(leadflow.handbook('crm', language), E'\n') h WHERE h LIKE '## %' LIMIT 4) x), expected, language) FROM (VALUES
    ('pl', '## Etapy; ## Standard: co musi być spełnione, aby wejść do etapu; ## Powroty i wyjścia; ## Powody'),
    ('ru', '## Этапы; ## Стандарт: что нужно для входа в этап; ## Возвраты и выходы; ## Причины'),
    ('zh', '## 阶段; ## 标准：进入各阶段的条件; ## 回退与退出; ## 原因')) t (language, expected);
SELECT is((SELECT count(*) FROM regexp_split_to_table(leadflow.handbook('crm', language), E'\n') h WHERE h LIKE '#%'), (SELECT count(*) FROM regexp_split_to_table(leadflow.handbook('crm'), E'\n') h WHERE h LIKE '#%'), language || ' has the same sections')
FROM unnest('{pl,ru,zh}'::text[]) language;
SELECT is_empty(format($$SELECT s.stage FROM leadflow.spine() s WHERE strpos(leadflow.handbook('crm', %L), '| ' || s.label_%s || ' | ' || s.stage) = 0 AND s.stage <> 'visitor'$$, language, language), language || ': stages have their names')
FROM unnest('{en,pl,ru,zh}'::text[]) language;
SELECT ok(section(leadflow.handbook('crm', 'pl'), '## Werdykt sprzedaży') LIKE '%Zastanowię się%', 'objections too');
SELECT is((SELECT count(*) FROM (SELECT jsonb_object_keys(leadflow.handbook_words(l) -> s) AS k, s FROM unnest('{en,pl,ru,zh}'::text[]) l, unnest('{words,columns}'::text[]) s) x GROUP BY s, k HAVING count(*) <> 4), NULL, 'no word is missing in a language');
SELECT is_empty($$SELECT k FROM unnest('{en,pl,ru,zh}'::text[]) l, jsonb_object_keys(leadflow.handbook_words(l)) k GROUP BY k HAVING count(*) <> 4$$, 'nor a heading');
SELECT is_empty($$SELECT l, k FROM unnest('{pl,ru,zh}'::text[]) l, jsonb_each(leadflow.handbook_words('en') -> 'columns') c (k, v) WHERE jsonb_array_length(v) <> jsonb_array_length(leadflow.handbook_words(l) -> 'columns' -> k)$$, 'nor a column');

-- an empty workspace, bad input, rights
SELECT is((SELECT count(*) FROM regexp_split_to_table(leadflow.handbook('bare'), E'\n') l WHERE l = 'Nothing is agreed.'), 18::bigint, 'a workspace without definitions says so');
SELECT is(tried(statement), expected, statement) FROM (VALUES
    ($$SELECT leadflow.handbook('public')$$, '42704'), ($$SELECT leadflow.handbook(NULL)$$, '42704'),
    ($$SELECT leadflow.handbook('crm', 'de')$$, '22023'), ($$SELECT leadflow.handbook('crm', NULL)$$, '22023')) t (statement, expected);
SELECT 'lf_' || pg_backend_pid() AS p \gset
\set reader :p _reader
CREATE ROLE :reader;
SELECT leadflow.grant_workspace('crm', :'reader', 'read') \g /dev/null
SET ROLE :reader;
SELECT is(md5(leadflow.handbook('crm')), :'before', 'who may read the definitions reads the handbook');
SELECT throws_ok($$SELECT leadflow.handbook('bare')$$, '42501', NULL, 'of the own workspace only');
RESET ROLE;
DROP OWNED BY :reader; DROP ROLE :reader;

SELECT * FROM finish();
