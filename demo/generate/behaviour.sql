/*
 * behaviour.sql: how the leads of this year behave.
 *
 * A lead walks from stage to stage. Which way it takes next depends on where
 * it stands alone, and how well it fits: path says how likely each way is, and
 * how long the step takes. A lead that came back because its time had come,
 * not by itself, stands at woken.
 */

-- hours: the median duration of the step; working: in the office's time
CREATE TABLE chance.path (
    from_stage  text NOT NULL,
    to_stage    text NOT NULL,
    share       double precision NOT NULL,
    hours       double precision NOT NULL,
    spread      double precision NOT NULL,
    working     boolean NOT NULL,
    low         double precision,   -- share of the ways before this one
    position    integer GENERATED ALWAYS AS IDENTITY
);
INSERT INTO chance.path (from_stage, to_stage, share, hours, spread, working) VALUES
    ('engaged',     'lead',         0.62,  90, 1.0, false),
    ('lead',        'mql',          0.42,  16, 1.3, true),
    ('lead',        'disqualified', 0.13,  10, 1.2, true),
    ('lead',        'nurture',      0.13, 170, 0.6, true),
    ('woken',       'mql',          0.18,  60, 0.9, true),
    ('woken',       'nurture',      0.46, 120, 0.5, true),
    ('woken',       'disqualified', 0.10,  60, 0.8, true),
    ('mql',         'contacted',    0.84, 4.5, 1.3, true),
    ('mql',         'nurture',      0.05,  60, 0.8, true),
    ('mql',         'disqualified', 0.09,  20, 1.0, true),
    ('contacted',   'sal',          0.51,   7, 1.0, true),
    ('contacted',   'nurture',      0.28,  30, 0.8, true),
    ('contacted',   'disqualified', 0.10,  12, 1.0, true),
    ('contacted',   'mql',          0.06,  60, 0.5, true),
    ('sal',         'sql',          0.62,  24, 0.9, true),
    ('sal',         'nurture',      0.14,  40, 0.8, true),
    ('sal',         'lost',         0.06,  40, 0.8, true),
    ('sal',         'mql',          0.07,  20, 0.8, true),
    ('sql',         'opportunity',  0.72,  40, 0.8, true),
    ('sql',         'nurture',      0.09,  60, 0.8, true),
    ('sql',         'lost',         0.09,  60, 0.8, true),
    ('opportunity', 'budget',       0.80,  60, 0.8, true),
    ('opportunity', 'lost',         0.15,  90, 0.8, true),
    ('budget',      'value',        0.80,  50, 0.8, true),
    ('budget',      'lost',         0.14,  80, 0.8, true),
    ('value',       'proposal',     0.84,  40, 0.8, true),
    ('value',       'lost',         0.12,  80, 0.8, true),
    ('proposal',    'decision',     0.42,  70, 0.8, true),
    ('proposal',    'proposal.legal_review', 0.12, 40, 0.6, true),
    ('proposal',    'proposal.deal_desk', 0.14, 24, 0.6, true),
    ('proposal',    'value',        0.05,  50, 0.6, true),
    ('proposal',    'lost',         0.23, 100, 0.7, true),
    ('proposal.deal_desk', 'decision', 0.52, 5, 0.7, true),
    ('proposal.deal_desk', 'proposal.legal_review', 0.28, 5, 0.7, true),
    ('proposal.deal_desk', 'lost',  0.17,   6, 0.7, true),
    ('proposal.legal_review', 'decision', 0.75, 60, 0.7, true),
    ('proposal.legal_review', 'lost', 0.15, 90, 0.7, true),
    ('decision',    'won',          0.72,  45, 0.8, true),
    ('decision',    'lost',         0.20,  60, 0.8, true),
    ('won',         'onboarding',   0.92,  24, 0.6, true),
    ('onboarding',  'active',       0.88, 170, 0.5, true),
    ('onboarding',  'churned',      0.02, 200, 0.5, true),
    ('active',      'expansion',    0.22, 1900, 0.5, false),
    ('active',      'churned',      0.06, 2400, 0.5, false),
    ('nurture',     'lead',         0.24, 1100, 0.7, false),
    ('lost',        'lead',         0.08, 2200, 0.5, false);
UPDATE chance.path p SET low = (SELECT COALESCE(sum(o.share), 0)
                                FROM chance.path o
                                WHERE o.from_stage = p.from_stage AND o.position < p.position);

-- Why a lead leaves the path or goes back.
CREATE TABLE chance.why (
    from_stage  text NOT NULL,
    to_stage    text NOT NULL,
    share       double precision NOT NULL,
    reason      text NOT NULL,
    note        text,
    low         double precision,
    position    integer GENERATED ALWAYS AS IDENTITY
);
INSERT INTO chance.why (from_stage, to_stage, share, reason, note) VALUES
    ('lead', 'disqualified', 0.34, 'not_target', NULL),
    ('lead', 'disqualified', 0.26, 'spam', NULL),
    ('lead', 'disqualified', 0.18, 'wrong_role', NULL),
    ('lead', 'disqualified', 0.14, 'duplicate', NULL),
    ('lead', 'disqualified', 1.00, 'bad_contact_data', NULL),
    ('lead', 'nurture', 0.60, 'no_need', NULL),
    ('lead', 'nurture', 1.00, 'not_now', NULL),
    ('woken', 'nurture', 0.60, 'not_now', NULL),
    ('woken', 'nurture', 1.00, 'no_need', NULL),
    ('woken', 'disqualified', 0.50, 'not_target', NULL),
    ('woken', 'disqualified', 1.00, 'bad_contact_data', NULL),
    ('mql', 'nurture', 1.00, 'not_now', NULL),
    ('mql', 'disqualified', 0.50, 'not_target', NULL),
    ('mql', 'disqualified', 0.30, 'bad_contact_data', NULL),
    ('mql', 'disqualified', 1.00, 'duplicate', NULL),
    ('contacted', 'nurture', 0.62, 'no_response', NULL),
    ('contacted', 'nurture', 0.16, 'not_now', NULL),
    ('contacted', 'nurture', 0.12, 'no_need', NULL),
    ('contacted', 'nurture', 1.00, 'no_budget', NULL),
    ('contacted', 'disqualified', 0.45, 'not_target', NULL),
    ('contacted', 'disqualified', 0.40, 'wrong_role', NULL),
    ('contacted', 'disqualified', 1.00, 'bad_contact_data', NULL),
    ('contacted', 'mql', 1.00, 'wrong_role', NULL),
    ('sal', 'nurture', 0.55, 'not_now', NULL),
    ('sal', 'nurture', 1.00, 'no_budget', NULL),
    ('sal', 'lost', 0.50, 'competitor', 'had signed with somebody else already'),
    ('sal', 'lost', 1.00, 'no_need', NULL),
    ('sal', 'mql', 0.60, 'not_target', NULL),
    ('sal', 'mql', 1.00, 'wrong_role', NULL),
    ('sql', 'nurture', 0.50, 'no_budget', NULL),
    ('sql', 'nurture', 1.00, 'not_now', NULL),
    ('sql', 'lost', 0.40, 'no_decision', NULL),
    ('sql', 'lost', 0.30, 'competitor', 'asked two others for an offer as well'),
    ('sql', 'lost', 1.00, 'no_budget', NULL),
    ('deal', 'lost', 0.37, 'no_decision', NULL),
    ('deal', 'lost', 0.26, 'competitor', 'a rival offered more for the same price'),
    ('deal', 'lost', 0.20, 'too_expensive', NULL),
    ('deal', 'lost', 0.12, 'missing_feature', 'needs to run inside the buyer''s own data centre'),
    ('deal', 'lost', 1.00, 'not_now', NULL),
    ('deal', 'value', 1.00, 'missing_feature', 'asked for single sign-on after the offer'),
    ('deal', 'churned', 0.50, 'service', 'support answered too late'),
    ('deal', 'churned', 0.25, 'competitor', 'was offered a cheaper contract'),
    ('deal', 'churned', 1.00, 'closed_business', NULL);
UPDATE chance.why w SET low = (SELECT COALESCE(sum(o.share), 0)
                               FROM chance.why o
                               WHERE o.from_stage = w.from_stage AND o.to_stage = w.to_stage AND o.position < w.position);

-- What sales tells marketing about a lead that it gives back.
CREATE TABLE chance.lesson (reason text PRIMARY KEY, narrative text NOT NULL);
INSERT INTO chance.lesson VALUES
    ('no_response', 'Nobody answered by telephone, e-mail or social network. Send something useful before the next call.'),
    ('not_now', 'Interested, but the projects of this year are settled. Wants to hear how others did it.'),
    ('no_need', 'Content with what they have. Ask again when the contract ends.'),
    ('no_budget', 'Wants it and cannot pay for it this year. Send the calculation of the return before the next plan.');

CREATE FUNCTION chance.narrative(reason text, need text) RETURNS text
    LANGUAGE sql STABLE
    AS $$ SELECT l.narrative || COALESCE(' What they need: ' || lower(need), '') FROM chance.lesson l WHERE l.reason = narrative.reason $$;

-- What sales hears from those who say no.
CREATE TABLE chance.objection (reason text PRIMARY KEY, objections text[] NOT NULL);
INSERT INTO chance.objection VALUES
    ('not_now', '{bad_timing,bad_timing,think_about_it,ask_partner}'),
    ('no_need', '{just_looking,just_looking,have_a_supplier,unclear_offer}'),
    ('no_budget', '{too_expensive,too_expensive,ask_partner,think_about_it}'),
    ('no_decision', '{think_about_it,ask_partner}'),
    ('competitor', '{have_a_supplier,have_a_supplier,too_expensive}');

-- What passes between lead and company on the way to a stage; null is for
-- those who stay. place: how much of the way lies behind, 0..1. Of a lead that
-- never answers see the attempts in step.sql.
CREATE TABLE chance.talk (
    from_stage  text NOT NULL,
    to_stage    text,
    share       double precision NOT NULL,
    place       double precision NOT NULL,
    direction   text NOT NULL,
    kinds       text[] NOT NULL,
    position    integer GENERATED ALWAYS AS IDENTITY
);
INSERT INTO chance.talk (from_stage, to_stage, share, place, direction, kinds) VALUES
    ('engaged', 'lead', 0.9, 1.0, 'inbound', '{form_submit,form_submit,webinar_attended}'),
    ('engaged', NULL, 0.4, 0.1, 'outbound', '{sequence_email}'),
    ('engaged', NULL, 0.3, 0.3, 'inbound', '{email_open,web_visit}'),
    ('lead', 'mql', 0.5, 0.3, 'inbound', '{email_open,email_click,web_visit}'),
    ('lead', 'nurture', 0.5, 0.3, 'outbound', '{sequence_email}'),
    ('lead', NULL, 0.5, 0.1, 'outbound', '{sequence_email}'),
    ('lead', NULL, 0.4, 0.2, 'inbound', '{email_open,email_open,email_click,web_visit}'),
    ('mql', 'contacted', 1.0, 1.0, 'outbound', '{call,call,call,email,email,social_message}'),
    ('woken', 'mql', 1.0, 0.6, 'inbound', '{email_click,content_download,webinar_attended}'),
    ('woken', 'nurture', 0.4, 0.2, 'outbound', '{sequence_email}'),
    ('woken', NULL, 0.8, 0.2, 'outbound', '{sequence_email}'),
    ('mql', 'nurture', 0.9, 0.9, 'inbound', '{email,call}'),
    ('mql', NULL, 0.25, 0.4, 'inbound', '{web_visit,email_open,contact_request}'),
    ('contacted', 'sal', 0.3, 0.2, 'outbound', '{email,call,social_message}'),
    ('contacted', 'sal', 0.5, 0.5, 'outbound', '{email,call,social_message}'),
    ('contacted', 'sal', 0.9, 0.9, 'inbound', '{call,email,meeting}'),
    ('contacted', 'nurture', 0.9, 0.2, 'outbound', '{email,call}'),
    ('contacted', 'nurture', 0.8, 0.5, 'outbound', '{call,social_message}'),
    ('contacted', 'nurture', 0.9, 0.8, 'inbound', '{email,call}'),
    ('contacted', 'mql', 0.9, 0.2, 'outbound', '{call}'),
    ('contacted', 'mql', 0.9, 0.8, 'inbound', '{email,call}'),
    ('contacted', NULL, 0.7, 0.1, 'outbound', '{call,email}'),
    ('contacted', NULL, 0.4, 0.3, 'outbound', '{social_message,email}'),
    ('sal', 'sql', 0.9, 0.6, 'outbound', '{meeting}'),
    ('sal', 'sql', 0.6, 0.9, 'inbound', '{email,call}'),
    ('sal', 'nurture', 0.8, 0.6, 'inbound', '{email,call}'),
    ('sql', 'opportunity', 0.9, 0.7, 'outbound', '{meeting}'),
    ('opportunity', 'budget', 0.8, 0.6, 'outbound', '{meeting,call}'),
    ('budget', 'value', 0.7, 0.6, 'outbound', '{meeting,email}'),
    ('value', 'proposal', 0.9, 1.0, 'outbound', '{email}'),
    ('proposal', 'decision', 0.8, 0.7, 'inbound', '{email,meeting,call}'),
    ('proposal', 'lost', 0.8, 0.5, 'outbound', '{call,email}'),
    ('decision', 'won', 0.9, 0.9, 'inbound', '{email,call}'),
    ('onboarding', 'active', 0.8, 0.4, 'outbound', '{meeting}'),
    ('nurture', 'lead', 1.0, 1.0, 'inbound', '{content_download,email_click,webinar_attended,form_submit}'),
    ('nurture', 'woken', 0.3, 0.5, 'outbound', '{sequence_email}'),
    ('nurture', NULL, 0.8, 0.3, 'outbound', '{sequence_email}'),
    ('nurture', NULL, 0.3, 0.5, 'inbound', '{email_open}'),
    ('lost', 'lead', 1.0, 1.0, 'inbound', '{contact_request,pricing_request,email}');

-- Through which channel; for inbound touches of a personal kind too.
CREATE TABLE chance.channel (kind text PRIMARY KEY, channel text NOT NULL);
INSERT INTO chance.channel VALUES
    ('web_visit', 'web'), ('content_download', 'web'), ('ad_click', 'web'), ('form_submit', 'web'),
    ('contact_request', 'web'), ('demo_request', 'web'), ('pricing_request', 'web'), ('trial_started', 'web'),
    ('email_open', 'email'), ('email_click', 'email'), ('email', 'email'), ('sequence_email', 'email'),
    ('webinar_attended', 'event'), ('event_attended', 'event'),
    ('call', 'phone'), ('social_message', 'social'), ('meeting', 'meeting');

-- What is downloaded and listened to: one of a few titles of each kind.
CREATE FUNCTION chance.content(kind text, n bigint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE kind WHEN 'content_download' THEN chance.pick('title', n, '{Guide to returns,Guide to returns,What an error costs,Case of a factory,Price list}')
                           WHEN 'webinar_attended' THEN chance.pick('title', n, '{Closing the books in three days,Orders on one screen}') END $$;
