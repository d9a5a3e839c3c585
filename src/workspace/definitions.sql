/*
 * definitions.sql: what the company agreed on.  Run with the new workspace
 * first on the search path.  A change of any of these tables binds the next
 * statement of every session, and is kept in definition_change.
 */

CREATE TABLE workspace (
    only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version     text NOT NULL,
    currency    text NOT NULL DEFAULT 'EUR' CHECK (currency ~ '^[A-Z]{3}$'),
    currency_decimals integer NOT NULL DEFAULT 2 CHECK (currency_decimals BETWEEN 0 AND 2),
    owner_reason_required boolean NOT NULL DEFAULT true,
    score_in_force text NOT NULL DEFAULT 'rules' CHECK (score_in_force IN ('rules', 'model', 'tool')),
    account_score text NOT NULL DEFAULT 'decayed' CHECK (account_score IN ('sum', 'max', 'top', 'decayed')),
    account_score_top integer NOT NULL DEFAULT 3 CHECK (account_score_top > 0),
    created_at  timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE workspace IS 'The workspace itself: one row.';
COMMENT ON COLUMN workspace.only_row IS 'always true: the table has one row';
COMMENT ON COLUMN workspace.version IS 'version of leadflow whose layout this workspace has';
COMMENT ON COLUMN workspace.currency IS 'ISO 4217 code of the currency that reports use';
COMMENT ON COLUMN workspace.currency_decimals IS 'its decimals, to which amounts are converted and in which they are shared: 2, or 0 for a currency without cents such as JPY';
COMMENT ON COLUMN workspace.owner_reason_required IS 'whether a lead that an active team_member works on, or whose account one does, goes to another only with an owner_reason';
COMMENT ON COLUMN workspace.score_in_force IS 'which score orders the work: rules (lead_score.total), model (lead_score.probability) or tool (lead.score)';
COMMENT ON COLUMN workspace.account_score IS 'how the scores of its leads make that of an account: sum, max, top (sum of the highest) or decayed (each further lead counts half of the one before)';
COMMENT ON COLUMN workspace.account_score_top IS 'how many leads top counts';
COMMENT ON COLUMN workspace.created_at IS 'when the workspace was created';

CREATE TABLE definition_change (
    version         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    changed_at      timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    definition      text NOT NULL,
    operation       text NOT NULL CHECK (operation IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')),
    old_row         jsonb,
    new_row         jsonb,
    session_actor   text NOT NULL,
    actor           text NOT NULL,
    reason          text DEFAULT NULLIF(pg_catalog.current_setting('leadflow.change_reason', true), '')
);
CREATE INDEX ON definition_change (changed_at);
COMMENT ON TABLE definition_change IS 'Every change of a definition: who, when, what. Append-only; the greatest version is the one in force. Instants in the rows are in UTC.';
COMMENT ON COLUMN definition_change.version IS 'version of the definitions that this change made';
COMMENT ON COLUMN definition_change.changed_at IS 'when the change was made';
COMMENT ON COLUMN definition_change.definition IS 'name of the definition table';
COMMENT ON COLUMN definition_change.operation IS 'INSERT, UPDATE, DELETE or TRUNCATE';
COMMENT ON COLUMN definition_change.old_row IS 'the row before the change, null for INSERT and TRUNCATE, and where rows change by the statement (score_model_point)';
COMMENT ON COLUMN definition_change.new_row IS 'the row after the change, null for DELETE and TRUNCATE, and where rows change by the statement';
COMMENT ON COLUMN definition_change.session_actor IS 'role that opened the session';
COMMENT ON COLUMN definition_change.actor IS 'role in whose name the change was made';
COMMENT ON COLUMN definition_change.reason IS 'why it was changed: the setting leadflow.change_reason, or the proposal that was applied; null where nobody said';

CREATE TABLE stage_definition (
    stage           leadflow.stage NOT NULL,
    variant         text NOT NULL DEFAULT '*' CHECK (variant <> ''),
    labels          jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(labels) = 'object'),
    meaning         text NOT NULL,
    team            text NOT NULL,
    kind            text NOT NULL DEFAULT 'inventory' CHECK (kind IN ('inventory', 'sla', 'gate', 'detour', 'terminal')),
    entry_evidence  text,
    exit_criteria   text,
    norm            interval CHECK (norm > interval '0'),
    PRIMARY KEY (stage, variant)
);
COMMENT ON TABLE stage_definition IS 'The contract of a stage: what it means, who owns it, what proves entry and exit, how long it may last.';
COMMENT ON COLUMN stage_definition.stage IS 'a spine stage, an exit or a leaf of one';
COMMENT ON COLUMN stage_definition.variant IS 'product line or region; * for all';
COMMENT ON COLUMN stage_definition.labels IS 'names people read, by language: {"en": "Qualified"}';
COMMENT ON COLUMN stage_definition.meaning IS 'the definition in words';
COMMENT ON COLUMN stage_definition.team IS 'team responsible for a lead in this stage';
COMMENT ON COLUMN stage_definition.kind IS 'inventory (may wait), sla (on a clock), gate (decide now), detour or terminal';
COMMENT ON COLUMN stage_definition.entry_evidence IS 'the input: what must stand behind entering the stage';
COMMENT ON COLUMN stage_definition.exit_criteria IS 'the output: what is known or done when it is left';
COMMENT ON COLUMN stage_definition.norm IS 'longest time a lead should stay, elapsed; null for no norm';

CREATE TABLE stage_alias (
    object      text NOT NULL DEFAULT 'lead' CHECK (object IN ('lead', 'opportunity')),
    source      text NOT NULL DEFAULT '*' CHECK (source <> ''),
    status      text NOT NULL CHECK (status <> ''),
    stage       leadflow.stage NOT NULL,
    PRIMARY KEY (object, source, status)
);
COMMENT ON TABLE stage_alias IS 'What the words of each tool mean: its status is the canonical stage.';
COMMENT ON COLUMN stage_alias.object IS 'lead or opportunity';
COMMENT ON COLUMN stage_alias.source IS 'the tool whose word it is; * for every tool';
COMMENT ON COLUMN stage_alias.status IS 'the tool''s own word, exactly as it writes it';
COMMENT ON COLUMN stage_alias.stage IS 'the stage that the word stands for';

CREATE TABLE transition (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    object          text NOT NULL DEFAULT 'lead' CHECK (object IN ('lead', 'opportunity')),
    variant         text NOT NULL DEFAULT '*' CHECK (variant <> ''),
    from_stage      leadflow.stage,
    to_stage        leadflow.stage NOT NULL,
    reason_required boolean NOT NULL DEFAULT true,
    meaning         text
);
CREATE UNIQUE INDEX transition_key ON transition (object, variant, (COALESCE(from_stage::text, '*')), to_stage);
COMMENT ON TABLE transition IS 'The moves that are allowed besides going forward along the spine: back, into an exit, and out of one.';
COMMENT ON COLUMN transition.id IS 'number of the row';
COMMENT ON COLUMN transition.object IS 'lead or opportunity';
COMMENT ON COLUMN transition.variant IS 'product line or region; * for all';
COMMENT ON COLUMN transition.from_stage IS 'where the move starts; null for any stage';
COMMENT ON COLUMN transition.to_stage IS 'where it ends; a move out of an exit may also go past this stage when the criteria allow';
COMMENT ON COLUMN transition.reason_required IS 'whether the writer owes a reason';
COMMENT ON COLUMN transition.meaning IS 'when this move is made, in words';

CREATE TABLE standard (
    object      text NOT NULL DEFAULT 'lead' CHECK (object IN ('lead', 'opportunity')),
    variant     text NOT NULL DEFAULT '*' CHECK (variant <> ''),
    stage       leadflow.stage NOT NULL,
    criterion   text NOT NULL CHECK (criterion ~ '^[a-z][a-z0-9_]{0,62}$'),
    requirement text NOT NULL,
    expression  text NOT NULL,
    how_to_fix  text,
    mode        text NOT NULL DEFAULT 'enforce' CHECK (mode IN ('enforce', 'warn')),
    position    integer NOT NULL DEFAULT 100,
    PRIMARY KEY (object, variant, stage, criterion)
);
COMMENT ON TABLE standard IS 'The lead standard: the criteria a row meets to enter a stage, or any stage after it.';
COMMENT ON COLUMN standard.object IS 'lead or opportunity';
COMMENT ON COLUMN standard.variant IS 'product line or region; * for all. A variant''s criterion replaces the general one of the same stage and code';
COMMENT ON COLUMN standard.stage IS 'the stage that the criterion guards';
COMMENT ON COLUMN standard.criterion IS 'code of the criterion; the constraint name that a refused writer sees';
COMMENT ON COLUMN standard.requirement IS 'the criterion in words';
COMMENT ON COLUMN standard.expression IS 'a boolean SQL expression over the row''s columns and its evidence; null does not meet it';
COMMENT ON COLUMN standard.how_to_fix IS 'what the writer should do when it is not met';
COMMENT ON COLUMN standard.mode IS 'enforce (the row is refused) or warn (accepted and recorded in violation)';
COMMENT ON COLUMN standard.position IS 'order within the stage';

CREATE TABLE nurture_track (
    track       text PRIMARY KEY CHECK (track ~ '^[a-z][a-z0-9_]{0,62}$'),
    position    integer NOT NULL DEFAULT 100,
    meaning     text NOT NULL,
    content     text,
    wake_after  interval CHECK (wake_after > interval '0' AND wake_after <= interval '100 years'),
    cool_down   interval NOT NULL DEFAULT '0' CHECK (cool_down >= interval '0' AND cool_down <= interval '100 years'),
    wakes_at    leadflow.stage NOT NULL DEFAULT 'lead' CHECK (wakes_at >= 'visitor'),
    active      boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE nurture_track IS 'What marketing does with a lead that goes into nurture, and when it comes back.';
COMMENT ON COLUMN nurture_track.track IS 'code of the track';
COMMENT ON COLUMN nurture_track.position IS 'the active track with the smallest position is taken where neither the writer nor the reason names one';
COMMENT ON COLUMN nurture_track.meaning IS 'which leads are on this track, in words';
COMMENT ON COLUMN nurture_track.content IS 'the sequence of content that they are sent';
COMMENT ON COLUMN nurture_track.wake_after IS 'how long after it entered nurture a lead wakes, where the writer gives no wake_at; null for never by itself';
COMMENT ON COLUMN nurture_track.cool_down IS 'how long a lead that sales had in hand rests: it does not wake sooner, and the standard may ask it to rest before it is handed over again';
COMMENT ON COLUMN nurture_track.wakes_at IS 'stage in which a lead wakes';
COMMENT ON COLUMN nurture_track.active IS 'whether leads may still be put on it';

CREATE TABLE reason (
    code        text PRIMARY KEY CHECK (code ~ '^[a-z][a-z0-9_]{0,62}$'),
    applies_to  leadflow.stage[] NOT NULL,
    category    text NOT NULL,
    labels      jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(labels) = 'object'),
    needs_note  boolean NOT NULL DEFAULT false,
    next_step   text,
    counts      boolean NOT NULL DEFAULT true,
    needs_attempts boolean NOT NULL DEFAULT false,
    nurture_track text REFERENCES nurture_track ON UPDATE CASCADE,
    active      boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE reason IS 'The catalogue of reasons for leaving the path or going back.';
COMMENT ON COLUMN reason.code IS 'code that writers give';
COMMENT ON COLUMN reason.applies_to IS 'stages that may be entered with it; a spine stage stands for its leaves too, an empty array for every stage';
COMMENT ON COLUMN reason.category IS 'group for reports: fit, timing, budget, need, competitor, data, other';
COMMENT ON COLUMN reason.labels IS 'names people read, by language';
COMMENT ON COLUMN reason.needs_note IS 'whether a note is owed as well';
COMMENT ON COLUMN reason.next_step IS 'what happens next: mend the audience, the score or the offer, nurture, nothing';
COMMENT ON COLUMN reason.counts IS 'false for what never was a lead, such as spam and tests: a lead that is in an exit with it is outside every denominator (see lead_outside)';
COMMENT ON COLUMN reason.needs_attempts IS 'whether it claims that nobody was reached: it may be given for a lead only once the attempts that its cadence asks for were made';
COMMENT ON COLUMN reason.nurture_track IS 'track of leads that go into nurture with it; null for the first one';
COMMENT ON COLUMN reason.active IS 'whether it may still be given';

CREATE TABLE business_calendar (
    code        text PRIMARY KEY CHECK (code <> ''),
    calendar    leadflow.calendar NOT NULL,
    description text
);
COMMENT ON TABLE business_calendar IS 'Working time by team or region.';
COMMENT ON COLUMN business_calendar.code IS 'name of the calendar; default is used where none is named';
COMMENT ON COLUMN business_calendar.calendar IS 'time zone and opening hours';
COMMENT ON COLUMN business_calendar.description IS 'whose hours these are';

CREATE TABLE team_member (
    member      text PRIMARY KEY CHECK (member <> ''),
    full_name   text,
    team        text NOT NULL,
    department  text NOT NULL CHECK (department IN ('marketing', 'sales', 'customer', 'revops')),
    role        text,
    calendar    text REFERENCES business_calendar ON UPDATE CASCADE,
    alert_calendar text REFERENCES business_calendar ON UPDATE CASCADE,
    manager     text REFERENCES team_member ON UPDATE CASCADE CHECK (manager <> member),
    active      boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE team_member IS 'Who belongs to which team; lead.owner names a member.';
COMMENT ON COLUMN team_member.member IS 'name used in owner and actor columns';
COMMENT ON COLUMN team_member.full_name IS 'name people read';
COMMENT ON COLUMN team_member.team IS 'team, as reports group it';
COMMENT ON COLUMN team_member.department IS 'marketing, sales, customer or revops';
COMMENT ON COLUMN team_member.role IS 'SDR, BDR, AE, demand generation, and so on';
COMMENT ON COLUMN team_member.calendar IS 'the member''s working time; null for the default calendar';
COMMENT ON COLUMN team_member.alert_calendar IS 'when the member may be alerted; null for the working time';
COMMENT ON COLUMN team_member.manager IS 'whom alerts go to when the member does not act; null for nobody';
COMMENT ON COLUMN team_member.active IS 'false once the member has left';

CREATE TABLE touch_kind (
    kind        text PRIMARY KEY CHECK (kind <> ''),
    is_signal   boolean NOT NULL DEFAULT false,
    is_contact  boolean NOT NULL DEFAULT false,
    meaning     text NOT NULL
);
COMMENT ON TABLE touch_kind IS 'The kinds of touch, and which of them count.';
COMMENT ON COLUMN touch_kind.kind IS 'code of the kind';
COMMENT ON COLUMN touch_kind.is_signal IS 'inbound, it is a sign of interest';
COMMENT ON COLUMN touch_kind.is_contact IS 'outbound, it is an attempt to reach the lead';
COMMENT ON COLUMN touch_kind.meaning IS 'what the kind stands for';

CREATE TABLE sla_policy (
    policy          text NOT NULL CHECK (policy <> ''),
    variant         text NOT NULL DEFAULT '*' CHECK (variant <> ''),
    object          text NOT NULL DEFAULT 'lead' CHECK (object IN ('lead', 'opportunity')),
    metric          text NOT NULL CHECK (metric <> ''),
    position        integer NOT NULL DEFAULT 100,
    starts_on_stage leadflow.stage,
    starts_on_touch text[],
    condition       text,
    stops_on_touch  text[],
    stops_on_stage  leadflow.stage,
    stops_on_verdict boolean NOT NULL DEFAULT false,
    stops_on_inbound text[],
    stops_on_leaving boolean NOT NULL DEFAULT false,
    attempts        integer CHECK (attempts > 0),
    channels        integer CHECK (channels > 0),
    spacing         interval CHECK (spacing > interval '0' AND spacing <= interval '366 days'),
    attempt_every   interval CHECK (attempt_every > interval '0' AND attempt_every <= interval '366 days'),
    restarts        boolean NOT NULL DEFAULT false,
    target          interval NOT NULL CHECK (target > interval '0'),
    warn_after      interval CHECK (warn_after > interval '0' AND warn_after <= target),
    measure         text NOT NULL DEFAULT 'working' CHECK (measure IN ('working', 'elapsed')),
    calendar        text REFERENCES business_calendar ON UPDATE CASCADE,
    promise         text NOT NULL,
    active          boolean NOT NULL DEFAULT true,
    PRIMARY KEY (policy, variant),
    CHECK (starts_on_stage IS NOT NULL OR starts_on_touch IS NOT NULL),
    CHECK (object = 'lead' OR starts_on_touch IS NULL),
    CHECK (stops_on_touch IS NOT NULL OR stops_on_stage IS NOT NULL OR stops_on_verdict OR stops_on_inbound IS NOT NULL OR stops_on_leaving),
    CONSTRAINT leaves_where_it_started CHECK (NOT stops_on_leaving OR starts_on_stage IS NOT NULL),
    CONSTRAINT cadence_of_a_lead CHECK (attempts IS NULL OR object = 'lead' AND stops_on_touch IS NOT NULL),
    CONSTRAINT cadence_terms CHECK (attempts IS NOT NULL OR channels IS NULL AND spacing IS NULL AND attempt_every IS NULL),
    CONSTRAINT channels_within_attempts CHECK (channels <= attempts),
    CONSTRAINT inbound_to_a_lead CHECK (stops_on_inbound IS NULL OR object = 'lead'),
    CONSTRAINT attempts_in_hours CHECK (pg_catalog.date_part('day', COALESCE(attempt_every, interval '0')) = 0
        AND pg_catalog.date_part('month', COALESCE(attempt_every, interval '0') + COALESCE(spacing, interval '0')) = 0
        AND pg_catalog.date_part('year', COALESCE(attempt_every, interval '0') + COALESCE(spacing, interval '0')) = 0),
    CONSTRAINT target_without_months CHECK (pg_catalog.date_part('month', target) = 0 AND pg_catalog.date_part('year', target) = 0),
    CONSTRAINT warning_without_months CHECK (pg_catalog.date_part('month', warn_after) = 0 AND pg_catalog.date_part('year', warn_after) = 0),
    CONSTRAINT working_target_in_hours CHECK (measure = 'elapsed' OR (pg_catalog.date_part('day', target) = 0
        AND pg_catalog.date_part('day', COALESCE(warn_after, interval '0')) = 0))
);
COMMENT ON TABLE sla_policy IS 'What was promised: a reaction within a target, on a clock. Within a metric the first policy that matches wins.';
COMMENT ON COLUMN sla_policy.policy IS 'code of the policy';
COMMENT ON COLUMN sla_policy.variant IS 'product line or region; * for all. A variant''s policy replaces the general one of the same code';
COMMENT ON COLUMN sla_policy.object IS 'lead or opportunity: whose stages and touches start and stop the clock';
COMMENT ON COLUMN sla_policy.metric IS 'what is measured; a lead, or an opportunity, has at most one running clock per metric';
COMMENT ON COLUMN sla_policy.position IS 'order within the metric: the smallest that matches wins';
COMMENT ON COLUMN sla_policy.starts_on_stage IS 'entering this stage starts the clock';
COMMENT ON COLUMN sla_policy.starts_on_touch IS 'an inbound touch of one of these kinds starts the clock';
COMMENT ON COLUMN sla_policy.condition IS 'a criterion over the lead or opportunity: the policy matches only where it is true; null for always';
COMMENT ON COLUMN sla_policy.stops_on_touch IS 'an outbound touch of one of these kinds stops the clock';
COMMENT ON COLUMN sla_policy.stops_on_stage IS 'reaching this stage or a later one stops the clock';
COMMENT ON COLUMN sla_policy.stops_on_verdict IS 'accepting (sal or later) or rejecting (an exit) the lead stops the clock';
COMMENT ON COLUMN sla_policy.stops_on_inbound IS 'an inbound touch of one of these kinds stops the clock: the lead has answered';
COMMENT ON COLUMN sla_policy.stops_on_leaving IS 'leaving starts_on_stage, in whatever direction, stops the clock';
COMMENT ON COLUMN sla_policy.attempts IS 'a cadence: not one touch of the kinds in stops_on_touch stops the clock, but that many attempts; null for a plain promise';
COMMENT ON COLUMN sla_policy.channels IS 'over at least that many channels; null for one';
COMMENT ON COLUMN sla_policy.spacing IS 'an attempt counts only that long after the last one that counted, elapsed; null for another minute of the clock, so that a double log counts once';
COMMENT ON COLUMN sla_policy.attempt_every IS 'the next attempt is due that much working time after the last one; hours and smaller units; null for no such promise';
COMMENT ON COLUMN sla_policy.restarts IS 'whether a later touch, or entry into the stage, that would start a clock begins a running one of the metric anew; else the running one stays unless the new one is due earlier';
COMMENT ON COLUMN sla_policy.target IS 'the promise; hours and smaller units where the measure is working time';
COMMENT ON COLUMN sla_policy.warn_after IS 'the clock is in warning after this much of the target; null for no warning';
COMMENT ON COLUMN sla_policy.measure IS 'working (time of the calendar) or elapsed (time of the wall clock)';
COMMENT ON COLUMN sla_policy.calendar IS 'calendar of the clock; null for the owner''s, then the default';
COMMENT ON COLUMN sla_policy.promise IS 'the policy in words';
COMMENT ON COLUMN sla_policy.active IS 'whether it starts new clocks';
