# Facts that Citus distributes by account are summarized on its workers, and the
# parts, which travel as text, are put together on the coordinator: every
# aggregate gives what it gives on one machine. A workspace stays whole on the
# coordinator, beside them.
#
# LEADFLOW_CITUS is the connection string, of a superuser, of a database on a
# coordinator with workers, where citus and leadflow are created.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;

my $citus = $ENV{LEADFLOW_CITUS};
plan skip_all => 'needs LEADFLOW_CITUS, a database of a Citus coordinator' unless $citus;

# Runs SQL and gives its output, and what it says; with a coordinator that must
# not collect rows to aggregate them itself.
sub sql
{
	my ($statements) = @_;
	my ($out, $err) = ('', '');

	IPC::Run::run([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $citus, '-f', '-' ],
		'<', \"SET client_min_messages = error; SET timezone = 'UTC'; SET jit = off;
			SET citus.shard_count = 8; SET citus.coordinator_aggregation_strategy = 'disabled';
			SET search_path = leadflow_test; $statements", '>', \$out, '2>', \$err);
	chomp $out;
	return ($out, $err);
}

# The output of SQL that must not fail.
sub rows
{
	my ($out, $err) = sql(@_);

	BAIL_OUT($err) if $err ne '';
	return $out;
}

rows(q{
	DROP SCHEMA IF EXISTS leadflow_test CASCADE;
	DROP SCHEMA IF EXISTS leadflow_test_crm CASCADE;
	CREATE SCHEMA leadflow_test;
	CREATE TABLE signal_here (account_id bigint NOT NULL, lead_id bigint NOT NULL, id bigint NOT NULL, at timestamptz NOT NULL,
		kind text NOT NULL, channel text, stage leadflow.stage NOT NULL, amount numeric, score double precision, won boolean);
	SELECT setseed(0.5);
	INSERT INTO signal_here
	SELECT l / 4, l, 10 * l + n, '2026-01-01 00:00+00'::timestamptz + random() * interval '90 days',
		(ARRAY['visit', 'form', 'demo', 'call'])[1 + floor(random() * 4)::int],
		(ARRAY['web', 'mail', 'ads', NULL])[1 + floor(random() * 4)::int],
		(ARRAY['lead', 'mql', 'sal', 'sql', 'won', 'lost.price'])[1 + floor(random() * 6)::int]::leadflow.stage,
		round((random() * 1000)::numeric, 2), random(), random() < 0.4
	FROM generate_series(1, 200) l, generate_series(1, 6) n;
	CREATE TABLE signal (LIKE signal_here);
	SELECT create_distributed_table('signal', 'account_id');
	INSERT INTO signal TABLE signal_here;
	CREATE TABLE path_here AS SELECT account_id, lead_id, leadflow.attribution_agg(at, channel, CASE WHEN won THEN 'conversion' END, amount, id) AS path,
		leadflow.funnel_agg(at, kind, '{visit,form,demo}') AS funnel, leadflow.stage_timeline_agg(at, stage, id) AS timeline,
		leadflow.latest_agg(at, kind, id, NULL) AS latest, leadflow.timeline_agg(at, kind, id) AS kinds,
		leadflow.markov_agg(ARRAY[channel, kind], 1, 0.5) AS chain, leadflow.shapley_agg(ARRAY[channel, kind], 1, 0) AS coalitions,
		leadflow.naive_bayes_fit(won, ARRAY[channel, kind]) AS model, leadflow.scored_outcomes(score, won) AS scored,
		leadflow.km_agg(at - '2026-01-01 00:00+00', won) AS survival, leadflow.observations(won, ARRAY[round(score::numeric, 3)::double precision]) AS observations,
		leadflow.attribution_agg(at, channel, NULL) AS touches
		FROM signal_here GROUP BY account_id, lead_id;
	ALTER TABLE path_here ADD durations leadflow.durations, ADD credit leadflow.attribution_summary, ADD total leadflow.funnel_summary;
	UPDATE path_here p SET durations = t.durations, credit = t.credit, total = t.total
	FROM (SELECT lead_id, leadflow.stage_durations(timeline) AS durations, leadflow.attribution_total(path, '{first,last,linear}') AS credit,
		leadflow.funnel_total(funnel) AS total FROM path_here GROUP BY lead_id) t
	WHERE t.lead_id = p.lead_id;
	CREATE TABLE path (LIKE path_here);
	SELECT create_distributed_table('path', 'account_id', colocate_with => 'signal');
	INSERT INTO path TABLE path_here});
is(rows('SELECT count(*) FROM signal'), 1200, 'the rows are distributed');
cmp_ok(rows(q{SELECT count(DISTINCT nodename || nodeport) FROM citus_shards WHERE table_name = 'signal'::regclass}), '>', 1, 'on several nodes');

# An aggregate, over all accounts: as a whole on the coordinator, in parts there.
my @exact = (
	q{leadflow.funnel_agg(at, kind, '{visit,form,demo}')},
	q{leadflow.funnel_agg(at, kind, '{visit,form,demo}', '10 days')},
	q{leadflow.funnel_agg(at, kind, '{visit,form,demo}', '10 days', 'strict_increase')},
	q{leadflow.funnel_agg(at, kind, '{visit,form,demo}', '10 days', '{5 days,3 days}', '{call}', 'strict_increase')},
	q{leadflow.stage_timeline_agg(at, stage)},
	q{leadflow.stage_timeline_agg(at, stage, id)},
	q{leadflow.timeline_agg(at, kind)},
	q{leadflow.timeline_agg(at, kind, id)},
	q{leadflow.first_state(at, kind)},
	q{leadflow.first_state(at, kind, id)},
	q{leadflow.last_state(at, kind)},
	q{leadflow.last_state(at, kind, '2026-02-01 00:00+00')},
	q{leadflow.last_state(at, kind, id, '2026-02-01 00:00+00')},
	q{leadflow.latest_agg(at, kind)},
	q{leadflow.latest_agg(at, kind, '2026-02-01 00:00+00')},
	q{leadflow.latest_agg(at, kind, id, '2026-02-01 00:00+00')},
	q{leadflow.km_agg(at - '2026-01-01 00:00+00', won)},
	q{leadflow.km_agg('2026-01-01 00:00+00', at, '2026-03-01 00:00+00')},
	q{leadflow.attribution_agg(at, channel, CASE WHEN won THEN 'conversion' END)},
	q{leadflow.attribution_agg(at, channel, CASE WHEN won THEN 'conversion' END, amount)},
	q{leadflow.attribution_agg(at, channel, CASE WHEN won THEN 'conversion' END, amount, id)},
	q{leadflow.markov_agg(ARRAY[channel, kind], 1, 0.5)},
	q{leadflow.markov_agg(ARRAY[channel, kind], 1, 2, 0.5)},
	q{leadflow.markov_agg(ARRAY[channel, kind, channel], 1, 2, 0.5, 2)},
	q{leadflow.shapley_agg(ARRAY[channel, kind], 1, 0)},
	q{leadflow.shapley_agg(ARRAY[channel, kind], 1, 2, 0)},
	q{leadflow.naive_bayes_fit(won, ARRAY[channel, kind])},
	q{leadflow.naive_bayes_fit(won, ARRAY[channel, kind], '{channel,kind}')},
	q{leadflow.naive_bayes_fit(won, jsonb_build_object('channel', channel, 'kind', kind))},
	q{leadflow.scored_outcomes(score, won)},
	q{leadflow.auc(score, won)},
	q{max(stage)},
	q{min(stage)},
	q{count(DISTINCT stage)});
my @of_summaries = (
	q{leadflow.funnel_total(funnel)},
	q{leadflow.attribution_total(path, '{first,last,linear}')},
	q{leadflow.attribution_total(path, '{first,last,linear}', '30 days')},
	q{leadflow.attribution_total(path, '{first,last,linear}', '30 days', 'first')},
	q{leadflow.attribution_total(path, '{first,last,linear}', '30 days', 'first', 4)},
	q{leadflow.stage_durations(timeline)},
	q{leadflow.stage_durations(timeline, '2026-04-01 00:00+00')},
	q{leadflow.stage_durations(timeline, '2026-04-01 00:00+00', 'Europe/Warsaw; Mo-Fr 09:00-17:00')},
	q{leadflow.markov_agg(touches)},
	q{leadflow.markov_agg(path, 2)},
	q{leadflow.shapley_agg(path)},
	(map { "leadflow.rollup($_)" } qw(path funnel total timeline kinds latest chain coalitions model scored survival durations credit)));

sub same
{
	my ($aggregate, $table) = @_;
	my ($whole) = rows("SELECT ($aggregate)::text FROM ${table}_here");
	my ($parts, $err) = sql("SELECT ($aggregate)::text FROM $table");

	ok($parts eq $whole && $whole ne '' && $err eq '', $aggregate)
		or diag(substr($whole, 0, 200), "\n", substr($parts, 0, 200), "\n", $err);
	return;
}
same($_, 'signal') foreach @exact;
same($_, 'path') foreach @of_summaries;

# What depends on the order of floating-point additions, or of observations.
sub near
{
	my ($expression, $table) = @_;
	my $whole = rows("SELECT $expression FROM ${table}_here");
	my ($parts, $err) = sql("SELECT $expression FROM $table");

	ok($err eq '' && abs($parts - $whole) <= 1e-9 * abs($whole) && $whole != 0, $expression)
		or diag("$whole, $parts, $err");
	return;
}
near(q{leadflow.decayed_sum(score, at, '7 days', '2026-04-01 00:00+00')}, 'signal');
near('leadflow.brier(score, won)', 'signal');
near('leadflow.log_loss(score, won)', 'signal');
near(q{leadflow.predict(leadflow.logistic_fit(won, ARRAY[score, amount::double precision]), '{0.5,100}')}, 'signal');
near(q{leadflow.predict(leadflow.logistic_fit(won, ARRAY[score], 1.0), '{0.5}')}, 'signal');
near(q{length(leadflow.observations(won, ARRAY[round(score::numeric, 3)::double precision])::text)}, 'signal');
near('length(leadflow.rollup(observations)::text)', 'path');

# No aggregate was forgotten.
my $tried = join ' ', map { /leadflow\.(\w+)/g } @exact, @of_summaries,
  qw(leadflow.decayed_sum leadflow.brier leadflow.log_loss leadflow.logistic_fit leadflow.observations);
my %tried = map { $_ => 1 } split / /, $tried;
is(join(' ', grep { !$tried{$_} } split /\n/, rows(q{SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'leadflow'::regnamespace AND prokind = 'a' ORDER BY 1})),
	'', 'every aggregate was tried');

# Two levels: a path of each lead where its rows are, and one total.
same_query(q{
	SELECT leadflow.subjects(s.whole), leadflow.reached(s.whole, 3), leadflow.conversion(s.whole, 1, 3)
	FROM (SELECT leadflow.funnel_total(p.path) AS whole
	      FROM (SELECT account_id, lead_id, leadflow.funnel_agg(at, kind, '{visit,form,demo}') AS path FROM signal GROUP BY account_id, lead_id) p) s},
	'a funnel of paths');
like(rows(q{EXPLAIN (COSTS OFF) SELECT leadflow.auc(score, won) FROM signal}), qr/Aggregate\n.*Custom Scan \(Citus Adaptive\).*\n *Task Count: 8\n(.*\n)* *-> +Aggregate/, 'the plan aggregates on both sides');

sub same_query
{
	my ($query, $name) = @_;
	my ($parts, $err) = sql($query);

	$query =~ s/\bsignal\b/signal_here/g;
	ok($err eq '' && $parts ne '' && $parts eq rows($query), $name) or diag("$parts $err");
	return;
}

# A workspace, on the coordinator.
rows(q{
	SET citus.enable_schema_based_sharding = on;
	SELECT leadflow.create_workspace('leadflow_test_crm')});
is(rows(q{SELECT count(*) FROM pg_dist_partition WHERE logicalrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'leadflow_test_crm'::regnamespace)}),
	'0', 'the tables of a workspace are ordinary ones of the coordinator, also where schemas are tenants');
my $workspace = q{SET leadflow.clock = '2026-03-02 10:00+00';};
rows(qq{$workspace
	INSERT INTO leadflow_test_crm.account (source, name) SELECT 'web', 'Account ' || i FROM generate_series(1, 5) i;
	INSERT INTO leadflow_test_crm.lead (source, external_id, account_id) SELECT 'web', i::text, i FROM generate_series(1, 5) i});
my ($out, $err) = sql(qq{$workspace \\set VERBOSITY verbose
	UPDATE leadflow_test_crm.lead SET stage = 'sql' WHERE id = 1});
like($err, qr/ERROR:  23514: lead 1 does not meet the standard of stage "sql"/, 'the guard judges');
is(rows(q{SELECT count(*) FROM leadflow_test_crm.stage_event}), '15', 'the recorder records');
($out, $err) = sql(join ';', $workspace, map { qq{SELECT count(*) FROM leadflow_test_crm."$_"} } split /\n/,
	rows(q{SELECT relname FROM pg_class WHERE relnamespace = 'leadflow_test_crm'::regnamespace AND relkind = 'v' ORDER BY 1}));
is($err, '', 'every report answers');
is(rows(qq{$workspace
	SELECT count(*), count(s.paths) FROM leadflow_test_crm.account a
	LEFT JOIN (SELECT account_id, leadflow.funnel_agg(at, kind, '{visit,form,demo}') AS paths FROM signal GROUP BY account_id) s ON s.account_id = a.id}),
	'5|5', 'its tables are joined to what is distributed');

# Distributed it cannot be, and is as it was.
($out, $err) = sql(q{SELECT create_distributed_table('leadflow_test_crm.stage_event', 'lead_id')});
isnt($err, '', 'its history cannot be distributed');
($out, $err) = sql(q{SELECT create_distributed_table('leadflow_test_crm.agreement', 'agreement')});
like($err, qr/cannot distribute relation "agreement" because it has triggers/, 'nor definitions');
is(rows(q{SELECT count(*) FROM leadflow_test_crm.stage_event}), '15', 'nothing is lost');

rows(q{DROP SCHEMA leadflow_test CASCADE; DROP SCHEMA leadflow_test_crm CASCADE});
done_testing();
