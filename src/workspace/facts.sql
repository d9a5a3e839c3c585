/*
 * facts.sql: what happened.  Run with the new workspace first on the search
 * path, after definitions.sql.
 */

CREATE TABLE account (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source      text NOT NULL CHECK (source <> ''),
    external_id text,
    name        text,
    domain      text,
    industry    text,
    segment     text,
    territory   text,
    country     text,
    employees   integer CHECK (employees >= 0),
    owner       text,
    attributes  jsonb NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at  timestamptz NOT NULL DEFAULT pg_catalog.now(),
    UNIQUE (source, external_id)
);
COMMENT ON TABLE account IS 'Companies.';
COMMENT ON COLUMN account.id IS 'canonical number; never changes, never reused';
COMMENT ON COLUMN account.source IS 'tool that wrote the row';
COMMENT ON COLUMN account.external_id IS 'the tool''s own key, as text';
COMMENT ON COLUMN account.name IS 'name of the company';
COMMENT ON COLUMN account.domain IS 'web domain';
COMMENT ON COLUMN account.industry IS 'industry';
COMMENT ON COLUMN account.segment IS 'market segment';
COMMENT ON COLUMN account.territory IS 'sales territory';
COMMENT ON COLUMN account.country IS 'country';
COMMENT ON COLUMN account.employees IS 'number of employees';
COMMENT ON COLUMN account.owner IS 'team member who owns the account';
COMMENT ON COLUMN account.attributes IS 'anything else the tool knows';
COMMENT ON COLUMN account.created_at IS 'when the row was created';
COMMENT ON COLUMN account.updated_at IS 'when the row last changed';

CREATE TABLE campaign (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source      text NOT NULL CHECK (source <> ''),
    external_id text,
    name        text NOT NULL,
    channel     text,
    starts_on   date,
    ends_on     date,
    budget      numeric(15,2) CHECK (budget >= 0),
    cost        numeric(15,2) CHECK (cost >= 0),
    currency    text CHECK (currency ~ '^[A-Z]{3}$'),
    owner       text,
    attributes  jsonb NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL DEFAULT pg_catalog.now(),
    UNIQUE (source, external_id),
    CHECK (ends_on >= starts_on)
);
COMMENT ON TABLE campaign IS 'Campaigns.';
COMMENT ON COLUMN campaign.id IS 'canonical number; never changes, never reused';
COMMENT ON COLUMN campaign.source IS 'tool that wrote the row';
COMMENT ON COLUMN campaign.external_id IS 'the tool''s own key, as text';
COMMENT ON COLUMN campaign.name IS 'name of the campaign';
COMMENT ON COLUMN campaign.channel IS 'channel';
COMMENT ON COLUMN campaign.starts_on IS 'first day';
COMMENT ON COLUMN campaign.ends_on IS 'last day';
COMMENT ON COLUMN campaign.budget IS 'planned cost, in currency';
COMMENT ON COLUMN campaign.cost IS 'actual cost so far, in currency';
COMMENT ON COLUMN campaign.currency IS 'ISO 4217 code';
COMMENT ON COLUMN campaign.owner IS 'team member who runs it';
COMMENT ON COLUMN campaign.attributes IS 'anything else the tool knows';
COMMENT ON COLUMN campaign.created_at IS 'when the row was created';

CREATE TABLE lead (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stage_since     timestamptz NOT NULL CHECK (pg_catalog.isfinite(stage_since)),
    created_at      timestamptz NOT NULL CHECK (pg_catalog.isfinite(created_at)),
    updated_at      timestamptz NOT NULL,
    stage           leadflow.stage NOT NULL,
    furthest_stage  leadflow.stage,
    verified        boolean NOT NULL DEFAULT false,
    source          text NOT NULL CHECK (source <> ''),
    external_id     text CHECK (external_id <> ''),
    status          text,
    account_id      bigint REFERENCES account,
    campaign_id     bigint REFERENCES campaign,
    full_name       text,
    email           text,
    phone           text,
    role            text,
    need            text,
    budget          numeric(15,2) CHECK (budget >= 0 AND budget <> 'NaN'),
    currency        text CHECK (currency ~ '^[A-Z]{3}$'),
    decision_by     date,
    urgency         text,
    origin          text,
    variant         text NOT NULL DEFAULT '*' CHECK (variant <> ''),
    segment         text,
    industry        text,
    territory       text,
    owner           text,
    owner_reason    text,
    reason          text REFERENCES reason ON UPDATE CASCADE,
    reason_note     text,
    narrative       text,
    nurture_track   text REFERENCES nurture_track ON UPDATE CASCADE,
    wake_at         timestamptz,
    rests_until     timestamptz,
    why_now         text,
    promised        text,
    evidence        text,
    score           numeric,
    attributes      jsonb NOT NULL DEFAULT '{}',
    merged_into     bigint REFERENCES lead CHECK (merged_into <> id),
    field_sources   jsonb,
    UNIQUE (source, external_id)
) WITH (fillfactor = 80);
CREATE INDEX ON lead (account_id);
CREATE INDEX ON lead (campaign_id);
CREATE INDEX lead_owner ON lead (owner) WHERE owner IS NOT NULL;
CREATE INDEX lead_wakes ON lead (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX lead_reason ON lead (reason) WHERE reason IS NOT NULL;
CREATE INDEX lead_merged ON lead (merged_into) WHERE merged_into IS NOT NULL;
COMMENT ON TABLE lead IS 'Leads: people who may buy. Every write is judged against the standard.';
COMMENT ON COLUMN lead.id IS 'canonical number; never changes, never reused';
COMMENT ON COLUMN lead.stage_since IS 'since when the lead is in its stage; given with the stage for history, else the time of the write. Between moves it stays';
COMMENT ON COLUMN lead.created_at IS 'when the lead was created; given by the writer for history';
COMMENT ON COLUMN lead.updated_at IS 'when the row last changed';
COMMENT ON COLUMN lead.stage IS 'where the lead is; where the writer gives none, what its status stands for, else lead';
COMMENT ON COLUMN lead.furthest_stage IS 'the furthest spine stage it ever reached; never goes back, null while it has only been in exits. Kept by leadflow';
COMMENT ON COLUMN lead.verified IS 'whether identity and contact data were verified';
COMMENT ON COLUMN lead.source IS 'tool that wrote the row; does not change';
COMMENT ON COLUMN lead.external_id IS 'the tool''s own key, as text; does not change once given';
COMMENT ON COLUMN lead.status IS 'the tool''s own word for where the lead is; stage_alias says which stage it means';
COMMENT ON COLUMN lead.account_id IS 'company';
COMMENT ON COLUMN lead.campaign_id IS 'campaign that brought the lead';
COMMENT ON COLUMN lead.full_name IS 'name of the person';
COMMENT ON COLUMN lead.email IS 'e-mail address';
COMMENT ON COLUMN lead.phone IS 'telephone number';
COMMENT ON COLUMN lead.role IS 'role in the company';
COMMENT ON COLUMN lead.need IS 'the confirmed need, in words';
COMMENT ON COLUMN lead.budget IS 'budget, in currency';
COMMENT ON COLUMN lead.currency IS 'ISO 4217 code of the budget; null for the workspace''s currency';
COMMENT ON COLUMN lead.decision_by IS 'date by which the buyer wants to decide';
COMMENT ON COLUMN lead.urgency IS 'how urgent the request is: hot, normal, low, or the tool''s own word';
COMMENT ON COLUMN lead.origin IS 'where the lead came from: organic_search, event, referral, and so on';
COMMENT ON COLUMN lead.variant IS 'product line or region whose definitions hold; * for the general ones';
COMMENT ON COLUMN lead.segment IS 'market segment';
COMMENT ON COLUMN lead.industry IS 'industry';
COMMENT ON COLUMN lead.territory IS 'sales territory';
COMMENT ON COLUMN lead.owner IS 'team member who owns the lead';
COMMENT ON COLUMN lead.owner_reason IS 'why the lead has this owner and not the one before; owed where a lead that somebody works on is given to another';
COMMENT ON COLUMN lead.reason IS 'why the lead left the path or went back; cleared when it moves on';
COMMENT ON COLUMN lead.reason_note IS 'the reason in words';
COMMENT ON COLUMN lead.narrative IS 'nurture: what marketing should know and tell, in words; cleared when it leaves nurture';
COMMENT ON COLUMN lead.nurture_track IS 'nurture: its content track; filled from the reason or the first track where the writer gives none, cleared when it leaves nurture';
COMMENT ON COLUMN lead.wake_at IS 'nurture: when it comes back; filled from the track where the writer gives none, cleared when it leaves nurture';
COMMENT ON COLUMN lead.rests_until IS 'until when a lead that went from sales to nurture rests. Kept by leadflow';
COMMENT ON COLUMN lead.why_now IS 'handoff packet: why now';
COMMENT ON COLUMN lead.promised IS 'handoff packet: what was promised to the lead';
COMMENT ON COLUMN lead.evidence IS 'handoff packet: what the lead did that shows interest';
COMMENT ON COLUMN lead.score IS 'score given by the tool; leadflow''s own is in lead_score';
COMMENT ON COLUMN lead.attributes IS 'anything else the tool knows';
COMMENT ON COLUMN lead.merged_into IS 'the lead that this one was found to be; null for none. Written by leadflow.merge';
COMMENT ON COLUMN lead.field_sources IS 'which source wrote the present value of each field that a ranked overwrite_rule watches: {"email": "crm"}; null for none. Kept by leadflow';

CREATE TABLE opportunity (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stage_since     timestamptz NOT NULL CHECK (pg_catalog.isfinite(stage_since)),
    created_at      timestamptz NOT NULL CHECK (pg_catalog.isfinite(created_at)),
    updated_at      timestamptz NOT NULL,
    stage           leadflow.stage NOT NULL CHECK (stage >= 'opportunity' OR stage < 'visitor'),
    furthest_stage  leadflow.stage,
    source          text NOT NULL CHECK (source <> ''),
    external_id     text CHECK (external_id <> ''),
    status          text,
    account_id      bigint REFERENCES account,
    lead_id         bigint REFERENCES lead,
    campaign_id     bigint REFERENCES campaign,
    name            text,
    kind            text NOT NULL DEFAULT 'new' CHECK (kind IN ('new', 'cross_sell', 'upsell', 'renewal')),
    amount          numeric(15,2) CHECK (amount <> 'NaN'),
    recurring       numeric(15,2) CHECK (recurring >= 0 AND recurring <> 'NaN'),
    currency        text CHECK (currency ~ '^[A-Z]{3}$'),
    expected_close  date,
    closed_at       timestamptz,
    origin          text,
    variant         text NOT NULL DEFAULT '*' CHECK (variant <> ''),
    segment         text,
    territory       text,
    owner           text,
    reason          text REFERENCES reason ON UPDATE CASCADE,
    reason_note     text,
    attributes      jsonb NOT NULL DEFAULT '{}',
    merged_from     bigint,
    field_sources   jsonb,
    UNIQUE (source, external_id)
) WITH (fillfactor = 80);
CREATE INDEX ON opportunity (lead_id);
CREATE INDEX ON opportunity (account_id);
COMMENT ON TABLE opportunity IS 'Opportunities: possible deals. Moving one forward moves its lead forward.';
COMMENT ON COLUMN opportunity.id IS 'canonical number; never changes, never reused';
COMMENT ON COLUMN opportunity.stage_since IS 'since when it is in its stage; given with the stage for history, else the time of the write. Between moves it stays';
COMMENT ON COLUMN opportunity.created_at IS 'when it was created; given by the writer for history';
COMMENT ON COLUMN opportunity.updated_at IS 'when the row last changed';
COMMENT ON COLUMN opportunity.stage IS 'where it is: opportunity or later, or an exit';
COMMENT ON COLUMN opportunity.furthest_stage IS 'the furthest spine stage it ever reached; never goes back, null while it has only been in exits. Kept by leadflow';
COMMENT ON COLUMN opportunity.source IS 'tool that wrote the row; does not change';
COMMENT ON COLUMN opportunity.external_id IS 'the tool''s own key, as text; does not change once given';
COMMENT ON COLUMN opportunity.status IS 'the tool''s own word for where it is; stage_alias says which stage it means';
COMMENT ON COLUMN opportunity.account_id IS 'company';
COMMENT ON COLUMN opportunity.lead_id IS 'lead it grew from';
COMMENT ON COLUMN opportunity.campaign_id IS 'campaign it is credited to by the tool';
COMMENT ON COLUMN opportunity.name IS 'name of the deal';
COMMENT ON COLUMN opportunity.kind IS 'new, cross_sell, upsell or renewal';
COMMENT ON COLUMN opportunity.amount IS 'value, in currency';
COMMENT ON COLUMN opportunity.recurring IS 'what of it comes again every year, in currency; 0 for a sale made once, null for not known';
COMMENT ON COLUMN opportunity.currency IS 'ISO 4217 code; null for the workspace''s currency';
COMMENT ON COLUMN opportunity.expected_close IS 'date on which it is expected to close';
COMMENT ON COLUMN opportunity.closed_at IS 'when it was won, lost or given up; kept by the guard';
COMMENT ON COLUMN opportunity.origin IS 'where it came from';
COMMENT ON COLUMN opportunity.variant IS 'product line or region whose definitions hold; * for the general ones';
COMMENT ON COLUMN opportunity.segment IS 'market segment';
COMMENT ON COLUMN opportunity.territory IS 'sales territory';
COMMENT ON COLUMN opportunity.owner IS 'team member who owns it';
COMMENT ON COLUMN opportunity.reason IS 'why it was lost or went back; cleared when it moves on';
COMMENT ON COLUMN opportunity.reason_note IS 'the reason in words';
COMMENT ON COLUMN opportunity.attributes IS 'anything else the tool knows';
COMMENT ON COLUMN opportunity.merged_from IS 'the lead that it was written for, where that one was merged into lead_id; null for lead_id itself. Kept by leadflow';
COMMENT ON COLUMN opportunity.field_sources IS 'which source wrote the present value of each field that a ranked overwrite_rule watches: {"amount": "crm"}; null for none. Kept by leadflow';

CREATE TABLE touch (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL DEFAULT leadflow.clock() CHECK (pg_catalog.isfinite(at)),
    recorded_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    lead_id     bigint REFERENCES lead,
    account_id  bigint REFERENCES account,
    campaign_id bigint REFERENCES campaign,
    kind        text NOT NULL REFERENCES touch_kind ON UPDATE CASCADE,
    channel     text,
    direction   text NOT NULL CHECK (direction IN ('inbound', 'outbound')),
    actor       text,
    outcome     text,
    content     text,
    note        text,
    source      text NOT NULL DEFAULT 'leadflow' CHECK (source <> ''),
    external_id text CHECK (external_id <> ''),
    merged_from bigint,
    CONSTRAINT lead_or_account CHECK (lead_id IS NOT NULL OR account_id IS NOT NULL),
    UNIQUE (source, external_id)
);
CREATE INDEX touch_lead ON touch (lead_id, at);
CREATE INDEX ON touch (account_id, at);
COMMENT ON TABLE touch IS 'Everything that passes between a lead and the company.';
COMMENT ON COLUMN touch.id IS 'canonical number; never changes, never reused';
COMMENT ON COLUMN touch.at IS 'when it happened';
COMMENT ON COLUMN touch.recorded_at IS 'when we learnt it';
COMMENT ON COLUMN touch.lead_id IS 'lead; null where only the company is known';
COMMENT ON COLUMN touch.account_id IS 'company';
COMMENT ON COLUMN touch.campaign_id IS 'campaign it belongs to';
COMMENT ON COLUMN touch.kind IS 'what it was; touch_kind says what counts';
COMMENT ON COLUMN touch.channel IS 'web, phone, email, social, event, and so on';
COMMENT ON COLUMN touch.direction IS 'inbound (from the lead) or outbound (to the lead)';
COMMENT ON COLUMN touch.actor IS 'team member who made it';
COMMENT ON COLUMN touch.outcome IS 'what came of it';
COMMENT ON COLUMN touch.content IS 'content consumed or sent';
COMMENT ON COLUMN touch.note IS 'note';
COMMENT ON COLUMN touch.source IS 'tool that wrote the row';
COMMENT ON COLUMN touch.external_id IS 'the tool''s own key, as text';
COMMENT ON COLUMN touch.merged_from IS 'the lead that it was written for, where that one was merged into lead_id; null for lead_id itself. Kept by leadflow';

CREATE TABLE stage_event (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at                  timestamptz NOT NULL,
    recorded_at         timestamptz NOT NULL,
    lead_id             bigint,
    opportunity_id      bigint,
    definition_version  bigint NOT NULL,
    campaign_id         bigint,
    implied             boolean NOT NULL,
    subject             text NOT NULL,
    from_stage          leadflow.stage,
    to_stage            leadflow.stage NOT NULL,
    session_actor       text NOT NULL,
    actor               text NOT NULL,
    reason              text,
    reason_note         text,
    owner               text,
    team                text,
    origin              text,
    variant             text NOT NULL,
    segment             text,
    amount              numeric,
    currency            text,
    facts               jsonb
);
-- in the order of history, so that the last entry is found in the index alone;
-- entries of deals are few and everywhere, so that reports read them there, too
CREATE INDEX stage_event_lead ON stage_event (lead_id, at, id) INCLUDE (opportunity_id);
CREATE INDEX stage_event_opportunity ON stage_event (opportunity_id, at, id)
    INCLUDE (to_stage, reason, amount, currency) WHERE opportunity_id IS NOT NULL;
COMMENT ON TABLE stage_event IS 'The history of stages: one row for every entry into a stage. Append-only.';
COMMENT ON COLUMN stage_event.id IS 'number in the order of recording';
COMMENT ON COLUMN stage_event.at IS 'when the stage began to hold';
COMMENT ON COLUMN stage_event.recorded_at IS 'when we learnt it';
COMMENT ON COLUMN stage_event.lead_id IS 'the lead, or the lead of the opportunity';
COMMENT ON COLUMN stage_event.opportunity_id IS 'the opportunity; null where the subject is a lead';
COMMENT ON COLUMN stage_event.definition_version IS 'version of the definitions that judged the move (definition_change.version)';
COMMENT ON COLUMN stage_event.campaign_id IS 'campaign at that moment';
COMMENT ON COLUMN stage_event.implied IS 'true for a stage that was passed through by a move further on';
COMMENT ON COLUMN stage_event.subject IS 'lead or opportunity';
COMMENT ON COLUMN stage_event.from_stage IS 'stage before; null for the first';
COMMENT ON COLUMN stage_event.to_stage IS 'stage entered';
COMMENT ON COLUMN stage_event.session_actor IS 'role that opened the session';
COMMENT ON COLUMN stage_event.actor IS 'role in whose name the write was made';
COMMENT ON COLUMN stage_event.reason IS 'reason given';
COMMENT ON COLUMN stage_event.reason_note IS 'note given';
COMMENT ON COLUMN stage_event.owner IS 'owner at that moment';
COMMENT ON COLUMN stage_event.team IS 'the owner''s team at that moment';
COMMENT ON COLUMN stage_event.origin IS 'origin at that moment';
COMMENT ON COLUMN stage_event.variant IS 'variant at that moment';
COMMENT ON COLUMN stage_event.segment IS 'segment at that moment';
COMMENT ON COLUMN stage_event.amount IS 'budget of the lead or amount of the opportunity at that moment';
COMMENT ON COLUMN stage_event.currency IS 'currency of the amount';
COMMENT ON COLUMN stage_event.facts IS 'an entry of a lead into mql: what was known then, {"features": {score_feature: value}, "score": {"fit", "behaviour", "total", "grade"}}; null elsewhere, and where there are neither features nor rules';

CREATE TABLE nurture_stay (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lead_id         bigint NOT NULL REFERENCES lead,
    entered_at      timestamptz NOT NULL,
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    from_stage      leadflow.stage,
    owner           text,
    reason          text,
    narrative       text,
    nurture_track   text,
    wake_at         timestamptz,
    rests_until     timestamptz
);
CREATE INDEX ON nurture_stay (lead_id, entered_at);
COMMENT ON TABLE nurture_stay IS 'Every entry of a lead into nurture, with what marketing was told. Append-only.';
COMMENT ON COLUMN nurture_stay.id IS 'number of the stay';
COMMENT ON COLUMN nurture_stay.lead_id IS 'the lead';
COMMENT ON COLUMN nurture_stay.entered_at IS 'when it entered nurture';
COMMENT ON COLUMN nurture_stay.recorded_at IS 'when we learnt it';
COMMENT ON COLUMN nurture_stay.from_stage IS 'stage before; null for a lead that began in nurture';
COMMENT ON COLUMN nurture_stay.owner IS 'owner at that moment';
COMMENT ON COLUMN nurture_stay.reason IS 'reason given';
COMMENT ON COLUMN nurture_stay.narrative IS 'what marketing should know and tell';
COMMENT ON COLUMN nurture_stay.nurture_track IS 'content track';
COMMENT ON COLUMN nurture_stay.wake_at IS 'when it was to come back, as set on entry';
COMMENT ON COLUMN nurture_stay.rests_until IS 'until when it was to rest';

CREATE TABLE sla_clock (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    policy              text NOT NULL,
    metric              text NOT NULL,
    lead_id             bigint,
    opportunity_id      bigint,
    owner               text,
    team                text,
    variant             text NOT NULL,
    started_at          timestamptz NOT NULL,
    warn_at             timestamptz,
    due_at              timestamptz NOT NULL,
    stopped_at          timestamptz,
    cancelled_at        timestamptz,
    target              interval NOT NULL,
    warn_after          interval,
    calendar            leadflow.calendar,
    stops_on_touch      text[],
    stops_on_stage      leadflow.stage,
    stops_on_verdict    boolean NOT NULL DEFAULT false,
    stops_on_inbound    text[],
    stops_on_leaving    leadflow.stage,
    attempts            integer,
    channels            integer,
    spacing             interval,
    attempt_every       interval,
    started_by          text NOT NULL,
    stopped_by          text,
    start_touch_id      bigint,
    stop_touch_id       bigint,
    definition_version  bigint NOT NULL,
    recorded_at         timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CHECK (lead_id IS NOT NULL OR opportunity_id IS NOT NULL),
    CHECK (stopped_at IS NULL OR cancelled_at IS NULL)
);
CREATE UNIQUE INDEX sla_clock_running ON sla_clock (lead_id, metric)
    WHERE stopped_at IS NULL AND cancelled_at IS NULL AND opportunity_id IS NULL;
CREATE UNIQUE INDEX sla_clock_running_opportunity ON sla_clock (opportunity_id, metric)
    WHERE stopped_at IS NULL AND cancelled_at IS NULL AND opportunity_id IS NOT NULL;
CREATE INDEX sla_clock_lead ON sla_clock (lead_id, started_at);
CREATE INDEX sla_clock_opportunity ON sla_clock (opportunity_id) WHERE opportunity_id IS NOT NULL;
CREATE INDEX sla_clock_touches ON sla_clock (start_touch_id);
CREATE INDEX sla_clock_answers ON sla_clock (stop_touch_id);
CREATE INDEX sla_clock_owner ON sla_clock (owner, due_at) WHERE stopped_at IS NULL AND cancelled_at IS NULL;
CREATE INDEX sla_clock_due ON sla_clock (due_at) WHERE stopped_at IS NULL AND cancelled_at IS NULL;
CREATE INDEX sla_clock_warn ON sla_clock (warn_at) WHERE stopped_at IS NULL AND cancelled_at IS NULL AND warn_at IS NOT NULL;
COMMENT ON TABLE sla_clock IS 'The promises that were started, on the terms that held then. What state a clock is in is computed when it is read: see sla_status.';
COMMENT ON COLUMN sla_clock.id IS 'number of the clock';
COMMENT ON COLUMN sla_clock.policy IS 'policy that started it';
COMMENT ON COLUMN sla_clock.metric IS 'what it measures';
COMMENT ON COLUMN sla_clock.lead_id IS 'lead it runs for, or the lead of the opportunity';
COMMENT ON COLUMN sla_clock.opportunity_id IS 'opportunity it runs for; null where it runs for a lead';
COMMENT ON COLUMN sla_clock.owner IS 'who owes the reaction: the owner of the lead or opportunity, as long as the clock runs';
COMMENT ON COLUMN sla_clock.team IS 'the owner''s team';
COMMENT ON COLUMN sla_clock.variant IS 'variant of the lead when it started';
COMMENT ON COLUMN sla_clock.started_at IS 'when it started';
COMMENT ON COLUMN sla_clock.warn_at IS 'when it goes into warning';
COMMENT ON COLUMN sla_clock.due_at IS 'when the promise is broken unless it was stopped';
COMMENT ON COLUMN sla_clock.stopped_at IS 'when what was promised was done';
COMMENT ON COLUMN sla_clock.cancelled_at IS 'when it lost its meaning: the lead left the path, or a stricter promise took its place';
COMMENT ON COLUMN sla_clock.target IS 'the promise that it was started with';
COMMENT ON COLUMN sla_clock.warn_after IS 'how much of the target may pass before the warning';
COMMENT ON COLUMN sla_clock.calendar IS 'the working time that it was started with; null for elapsed time';
COMMENT ON COLUMN sla_clock.stops_on_touch IS 'outbound touch kinds that stop it';
COMMENT ON COLUMN sla_clock.stops_on_stage IS 'stage that stops it, or any later one';
COMMENT ON COLUMN sla_clock.stops_on_verdict IS 'whether accepting or rejecting stops it';
COMMENT ON COLUMN sla_clock.stops_on_inbound IS 'inbound touch kinds that stop it';
COMMENT ON COLUMN sla_clock.stops_on_leaving IS 'stage that stops it when it is left';
COMMENT ON COLUMN sla_clock.attempts IS 'a cadence: number of attempts that stop it; null for a plain promise';
COMMENT ON COLUMN sla_clock.channels IS 'number of channels that they use at least; null for one';
COMMENT ON COLUMN sla_clock.spacing IS 'how far apart attempts must be to count; null for another minute of the clock';
COMMENT ON COLUMN sla_clock.attempt_every IS 'how much working time after the last attempt the next one is due';
COMMENT ON COLUMN sla_clock.started_by IS 'what started it: stage or touch kind';
COMMENT ON COLUMN sla_clock.stopped_by IS 'what stopped or cancelled it';
COMMENT ON COLUMN sla_clock.start_touch_id IS 'touch that started it';
COMMENT ON COLUMN sla_clock.stop_touch_id IS 'touch that stopped it';
COMMENT ON COLUMN sla_clock.definition_version IS 'version of the definitions in force when it started';
COMMENT ON COLUMN sla_clock.recorded_at IS 'when we learnt it';

CREATE TABLE sla_pause (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    clock_id    bigint NOT NULL REFERENCES sla_clock,
    paused_at   timestamptz NOT NULL DEFAULT leadflow.clock() CHECK (pg_catalog.isfinite(paused_at)),
    resumed_at  timestamptz CHECK (resumed_at >= paused_at AND pg_catalog.isfinite(resumed_at)),
    reason      text NOT NULL CHECK (reason <> ''),
    actor       text NOT NULL DEFAULT CURRENT_USER
);
CREATE UNIQUE INDEX sla_pause_open ON sla_pause (clock_id) WHERE resumed_at IS NULL;
CREATE INDEX ON sla_pause (clock_id);
COMMENT ON TABLE sla_pause IS 'When a clock stood still, and why. What was paused does not count, in the clock''s own time.';
COMMENT ON COLUMN sla_pause.id IS 'number of the pause';
COMMENT ON COLUMN sla_pause.clock_id IS 'clock that stood still';
COMMENT ON COLUMN sla_pause.paused_at IS 'from when';
COMMENT ON COLUMN sla_pause.resumed_at IS 'until when; null while it stands still';
COMMENT ON COLUMN sla_pause.reason IS 'why: waiting for the prospect, and so on';
COMMENT ON COLUMN sla_pause.actor IS 'who paused it';

CREATE TABLE violation (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at         timestamptz NOT NULL DEFAULT pg_catalog.now(),
    object              text NOT NULL,
    lead_id             bigint,
    opportunity_id      bigint,
    from_stage          leadflow.stage,
    to_stage            leadflow.stage NOT NULL,
    criterion           text NOT NULL,
    requirement         text NOT NULL,
    definition_version  bigint NOT NULL,
    session_actor       text NOT NULL,
    actor               text NOT NULL
);
CREATE INDEX ON violation (lead_id);
COMMENT ON TABLE violation IS 'Moves that were accepted although a criterion was not met: the criterion only warns, or the session asked for it.';
COMMENT ON COLUMN violation.id IS 'number of the violation';
COMMENT ON COLUMN violation.recorded_at IS 'when it was recorded';
COMMENT ON COLUMN violation.object IS 'lead or opportunity';
COMMENT ON COLUMN violation.lead_id IS 'the lead, or the lead of the opportunity';
COMMENT ON COLUMN violation.opportunity_id IS 'the opportunity';
COMMENT ON COLUMN violation.from_stage IS 'stage before';
COMMENT ON COLUMN violation.to_stage IS 'stage entered';
COMMENT ON COLUMN violation.criterion IS 'code of the criterion that was not met';
COMMENT ON COLUMN violation.requirement IS 'the criterion in words, as it was then';
COMMENT ON COLUMN violation.definition_version IS 'version of the definitions that judged the move';
COMMENT ON COLUMN violation.session_actor IS 'role that opened the session';
COMMENT ON COLUMN violation.actor IS 'role in whose name the write was made';

CREATE TABLE quarantine (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    object          text NOT NULL,
    operation       text NOT NULL CHECK (operation IN ('INSERT', 'UPDATE')),
    source          text,
    external_id     text,
    target_stage    leadflow.stage,
    parked_row      jsonb NOT NULL,
    unmet           jsonb NOT NULL,
    session_actor   text NOT NULL,
    actor           text NOT NULL,
    attachment      text
);
CREATE INDEX ON quarantine (source, external_id);
COMMENT ON TABLE quarantine IS 'Rows that were refused while leadflow.on_violation was park, or because their source parks unknown words: nothing is lost, nothing is let in.';
COMMENT ON COLUMN quarantine.id IS 'number of the parked row';
COMMENT ON COLUMN quarantine.recorded_at IS 'when it was parked';
COMMENT ON COLUMN quarantine.object IS 'what the row would have become: lead or opportunity, or another object of an attachment';
COMMENT ON COLUMN quarantine.operation IS 'INSERT (the row was not added) or UPDATE (the row stays as it was)';
COMMENT ON COLUMN quarantine.source IS 'tool that wrote the row';
COMMENT ON COLUMN quarantine.external_id IS 'the tool''s own key';
COMMENT ON COLUMN quarantine.target_stage IS 'stage that it wanted to enter';
COMMENT ON COLUMN quarantine.parked_row IS 'the row as it would have been, but with what its writer wrote where an overwrite_rule would have kept another value';
COMMENT ON COLUMN quarantine.unmet IS 'what is missing: [{"criterion", "object", "stage", "requirement", "seen", "how_to_fix"}]';
COMMENT ON COLUMN quarantine.session_actor IS 'role that opened the session';
COMMENT ON COLUMN quarantine.actor IS 'role in whose name the write was made';
COMMENT ON COLUMN quarantine.attachment IS 'attachment that could not take the row: then parked_row is what it read of its table; else null';
