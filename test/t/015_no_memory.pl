# Memory runs out, at one request after another, while each part of leadflow is
# used for the first time in a session: a clean error, and the same session then
# does the same with the same result, so nothing half built was kept.
#
#   LEADFLOW_FAULT_POINTS   how many requests of each operation are refused, one
#                           at a time and spread evenly (2); "all" for every one
#   LEADFLOW_FAULT_ONLY     a pattern of the operations
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Workspace;

my $points = $ENV{LEADFLOW_FAULT_POINTS} || 2;
my $only = $ENV{LEADFLOW_FAULT_ONLY} || '.';
my $dir = PostgreSQL::Test::Utils::tempdir();
my $include = qx{$ENV{PG_CONFIG} --includedir-server};
chomp $include;

plan skip_all => 'needs glibc' unless qx{getconf GNU_LIBC_VERSION 2>/dev/null} =~ /glibc/;
foreach my $library (qw(failing_malloc failing_alloc))
{
	system_or_bail('cc', '-shared', '-fPIC', '-O1', "-I$include", '-D_GNU_SOURCE',
		'-Wno-address', '-o', "$dir/$library.so", "test/faults/$library.c");
}
chmod 0755, $dir;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', q{
log_statement = none
log_min_messages = log
jit = off
max_parallel_workers_per_gather = 0
autovacuum = off
});
{
	local $ENV{LD_PRELOAD} = "$dir/failing_malloc.so";
	$node->start;
}
create_filled($node, 'postgres');
my $clock = FIXED_CLOCK;
$node->safe_psql(
	'postgres', qq{
	CREATE FUNCTION fail_alloc(text, bigint) RETURNS void LANGUAGE c AS '$dir/failing_alloc';
	CREATE FUNCTION count_allocs(text) RETURNS bigint LANGUAGE c AS '$dir/failing_alloc';
	CREATE TABLE suite (id bigint PRIMARY KEY, name text, status text);
	SELECT leadflow.attach('crm', 'suite', 'lead', '{"external_id": "new.id", "full_name": "new.name", "status": "new.status"}', '{"source": "web"}');
	ALTER DATABASE postgres SET leadflow.clock = '$clock';
	ALTER DATABASE postgres SET timezone = 'UTC';
	SET leadflow.on_violation = warn;
	SET leadflow.clock = '2026-02-10 10:00+00';
	INSERT INTO crm.lead (source, external_id, origin, industry) SELECT 'list', i, 'o' || i % 2, 'i' || i % 3 FROM generate_series(1, 24) i;
	UPDATE crm.lead SET stage = 'mql' WHERE source = 'list';
	UPDATE crm.lead SET stage = CASE WHEN id % 2 = 0 THEN 'won' ELSE 'lost' END::leadflow.stage, reason = CASE WHEN id % 2 = 1 THEN 'too_expensive' END WHERE source = 'list';
	CREATE TABLE path AS SELECT string_to_array(p, ' ') AS path, c FROM (VALUES ('a b c', 1), ('a', 0), ('b c', 0), ('c c b a', 1)) v (p, c);
	CREATE TABLE mark AS SELECT i % 5 AS lead, '2026-01-01'::timestamptz + i * '1 hour'::interval AS at, (ARRAY['ads', 'web', 'mail'])[1 + i % 3] AS channel,
		CASE WHEN i % 13 = 0 THEN 'conversion' END AS mark, (ARRAY['lead', 'mql', 'sal', 'sql'])[1 + i % 4] AS stage, i FROM generate_series(1, 100) i;
	VACUUM ANALYZE});

my %operations = (
	'stage' => q{SELECT c.s::leadflow.stage, c.s::leadflow.stage >= 'sal', leadflow.base(c.s::leadflow.stage) FROM (VALUES ('proposal.legal'), ('mql'), ('lost')) c (s) ORDER BY 1},
	'calendar' => q{SELECT leadflow.worktime(c.t::leadflow.calendar, '2026-01-01', '2026-04-01'), leadflow.add_worktime(c.t::leadflow.calendar, '2026-01-01', '100 hours'),
		leadflow.with_holidays(c.t::leadflow.calendar, '{2026-02-02}'), (SELECT count(*) FROM leadflow.open_spans(c.t::leadflow.calendar, '2026-03-01', '2026-04-01'))
		FROM (VALUES ('Europe/Warsaw; Mo-Fr 09:00-17:00; Sa 10:00-14:00; 2026 Dec 24 09:00-13:00; Dec 25-26 off')) c (t)},
	'guard and recorder' => q{INSERT INTO crm.lead (source, external_id, email, role, verified) VALUES ('web', 'new', 'n@example.com', 'CEO', true);
		INSERT INTO crm.touch (lead_id, kind, channel, direction, at) SELECT id, k.kind, 'web', 'inbound', '2026-03-02 11:00+00' FROM crm.lead, (VALUES ('form_submit'), ('demo_request')) k (kind) WHERE external_id = 'new';
		UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'new';
		SELECT l.stage, e.from_stage, e.to_stage, e.implied FROM crm.lead l JOIN crm.stage_event e ON e.lead_id = l.id WHERE external_id = 'new' ORDER BY e.id;
		SELECT policy, due_at, stopped_at FROM crm.sla_clock c JOIN crm.lead l ON l.id = c.lead_id WHERE external_id = 'new' ORDER BY policy, due_at},
	'parking' => q{SET LOCAL leadflow.on_violation = park; UPDATE crm.lead SET stage = 'sql' WHERE id = 17; SELECT count(*) FROM crm.quarantine; SELECT stage FROM crm.lead WHERE id = 17},
	'explain' => q{SELECT l.id, e.* FROM crm.lead l, leadflow.explain('crm', l.id, 'won') e WHERE l.id < 4 ORDER BY 1, 2, 3},
	'explain_due' => q{SELECT s.clock_id, e.* FROM crm.sla_status s, leadflow.explain_due('crm', s.clock_id) e ORDER BY 1, 2, 3 LIMIT 10},
	'definition' => q{INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('contacted', 'telephone', 'a phone', 'phone IS NOT NULL AND signals >= 1');
		SELECT criterion, met FROM leadflow.explain('crm', 11, 'contacted') ORDER BY 1},
	'attached row' => q{INSERT INTO suite VALUES (1, 'x', NULL); UPDATE suite SET name = 'y'; SELECT full_name, stage FROM crm.lead WHERE external_id = '1'},
	'backfill' => q{SET LOCAL client_min_messages = warning; SET LOCAL session_replication_role = replica; INSERT INTO suite SELECT i, 'x' FROM generate_series(1, 3) i; SET LOCAL session_replication_role = origin;
		SELECT leadflow.backfill_batch('crm', (SELECT attachment FROM crm.attachment), 10); SELECT count(*) FROM crm.lead WHERE external_id < '4'; SELECT count(*) FROM crm.quarantine},
	'routing' => q{SELECT * FROM leadflow.explain_routing('crm', 11, 'mql')},
	'score' => q{SELECT l.id, s.* FROM crm.lead l, leadflow.score('crm', l.id) s ORDER BY 1; SELECT count(*) FROM leadflow.explain_score('crm', 1); SELECT count(*) FROM leadflow.explain_probability('crm', 1)},
	'score_some' => q{UPDATE crm.score_rule SET points = points + 1; SELECT leadflow.score_some('crm', 50) > 0; SELECT count(*), sum(total) FROM crm.lead_score},
	'sweep' => q{SELECT kind, raised FROM leadflow.sweep('crm', '2026-02-05 12:00+00') ORDER BY 1; SELECT count(*) FROM crm.alert},
	'merge' => q{SELECT leadflow.merge('crm', 1, 13) > 0; SELECT count(*) FROM crm.touch WHERE lead_id = 1},
	'forget' => q{SELECT leadflow.forget('crm', 1); SELECT full_name IS NULL FROM crm.lead WHERE id = 1},
	'definitions_at' => q{SELECT count(*), md5(string_agg(d::text, ' ' ORDER BY d::text)) FROM leadflow.definitions_at('crm', now()) d},
	'calibrate' => q{SELECT leadflow.calibrate('crm', m, '2026-03-01', '{"min_won": 1, "min_lost": 1, "min_count": 1, "folds": 2, "without_facts": "evidence", "features": ["origin", "industry"]}') > 0 FROM (VALUES ('odoo'), ('logistic')) v (m)},
	'reports' => q{SELECT count(*) FROM crm.funnel; SELECT count(*) FROM crm.sla_compliance; SELECT count(*) FROM crm.attribution},
	'panel' => q{SELECT md5(leadflow.panel_data('crm')::text)},
	'create_workspace' => q{SELECT leadflow.create_workspace('other', 'empty'); SELECT count(*) FROM pg_class WHERE relnamespace = 'other'::regnamespace},
	'funnel' => q{SELECT leadflow.funnel_total(p)::text FROM (SELECT leadflow.funnel_agg(at, stage, '{lead,mql,sal}'::text[], '7 days') AS p FROM mark GROUP BY lead) s},
	'timeline' => q{SELECT leadflow.stage_durations(t, '2026-02-01', 'Europe/Warsaw; Mo-Fr 09:00-17:00')::text FROM (SELECT leadflow.stage_timeline_agg(at, stage::leadflow.stage) AS t FROM mark GROUP BY lead) s;
		SELECT leadflow.rollup(l)::text FROM (SELECT leadflow.latest_agg(at, stage) AS l FROM mark GROUP BY lead) s},
	'survival' => q{SELECT c.* FROM (SELECT leadflow.km_agg(i * interval '1 day', i % 3 = 0) AS k FROM mark) s, leadflow.km_curve(k) c LIMIT 5},
	'attribution' => q{SELECT leadflow.attribution_total(p, '{first,last,linear,u_shaped,time_decay}')::text FROM (SELECT leadflow.attribution_agg(at, channel, mark) AS p FROM mark GROUP BY lead) s},
	'markov' => q{SELECT a.* FROM (SELECT leadflow.markov_agg(path, c, 1 - c) AS m FROM path) s, leadflow.markov_attribution(m) a},
	'shapley' => q{SELECT a.* FROM (SELECT leadflow.shapley_agg(path, c, 1 - c) AS m FROM path) s, leadflow.shapley_attribution(m) a},
	'naive_bayes' => q{SELECT leadflow.naive_bayes_fit(i % 3 = 0, jsonb_build_object('channel', channel, 'stage', stage))::text FROM mark},
	'logistic' => q{SELECT leadflow.logistic_fit(i % 3 = 0, ARRAY[i % 5, i % 7]::float8[])::text FROM mark},
	'quality' => q{SELECT leadflow.auc(s), (SELECT count(*) FROM leadflow.gains(s, 5)) FROM (SELECT leadflow.scored_outcomes(i % 10, i % 3 = 0) AS s FROM mark) m});

# What psql says to a script in a session of its own.
sub run_session
{
	my ($script) = @_;
	my $input = "\\set VERBOSITY verbose\n\\set SHOW_CONTEXT never\n$script";
	my $said = '';

	IPC::Run::run([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-f', '-' ],
		'<', \$input, '>', \$said, '2>&1');
	return $said;
}

# What PostgreSQL itself makes of a malloc that fails in its libraries and
# settings, where not an ERROR 53200: another SQLSTATE, or the session's end; a
# setting made before its module is loaded is lost with a warning, PL/pgSQL
# defines its settings only once, and OpenSSL has no MD5 ever after.  PostgreSQL
# 14 has no SQLSTATE of its own for a library that memory was too short to load.
my $version = $node->safe_psql('postgres', 'SHOW server_version_num');
my $unloaded = $version < 150000 ? qr/could not load library/ : qr/(?!)/;
my $core = qr/ERROR:\ \ \w{5}:\ (?:invalid\ regular\ expression:\ out\ of\ memory
	|regular\ expression\ failed:\ out\ of\ memory
	|time\ zone\ "[^"]+"\ not\ recognized
	|$unloaded
	|invalid\ value\ for\ parameter\ "(?:TimeZone|DateStyle)")/x;
my $ended = qr/FATAL:  (?:53200: out of memory|XX000: failed to (?:initialize|restore) \S+ to )|WARNING:  53200: out of memory|attempt to redefine parameter "plpgsql|could not compute MD5 hash/;

# An operation while memory fails, and again in the same session; then how many
# rulebooks that kept.  What counts is called before, so that it is known by then.
sub attempt
{
	my ($kind, $n, $operation) = @_;

	return qq{
		BEGIN;
		SELECT fail_alloc('$kind', 0);
		SELECT count_allocs('$kind') * 0;
		SELECT fail_alloc('$kind', $n);
		$operation;
		SELECT '#', count_allocs('$kind');
		ROLLBACK;
		SELECT count_allocs('$kind') * 0;
		\\echo ----
		BEGIN;
		$operation;
		ROLLBACK;
		\\echo ----
		SELECT count(*) <= 1 FROM pg_backend_memory_contexts WHERE name = 'leadflow rulebook';
	};
}

my @kinds = $version < 160000 ? qw(palloc malloc) : qw(malloc);
my ($tried, $errors_seen, $sessions_ended) = (0, 0, 0);
foreach my $name (grep { /$only/ } sort keys %operations)
{
	foreach my $kind (@kinds)
	{
		my $reference = run_session(attempt($kind, 0, $operations{$name}));
		my ($first, $second) = split /^----\n/m, $reference;
		my ($requests) = $first =~ /^#\|(\d+)$/m;
		if ($reference =~ /ERROR/ || !$requests)
		{
			fail("$name works while memory lasts");
			diag($reference);
			next;
		}

		# what loads the module asks malloc seldom enough for all of it
		my $points = $name eq 'stage' && $kind eq 'malloc' ? 'all' : $points;
		my $step = $points eq 'all' || $requests <= $points ? 1 : $requests / $points;
		my @numbers;
		for (my $n = 1 + ($points eq 'all' ? 0 : int($step / 2)); $n <= $requests; $n += $step)
		{
			push @numbers, int($n);
		}
		my ($refused, @wrong) = (0);
		foreach my $n (@numbers)
		{
			my $said = run_session(attempt($kind, $n, $operations{$name}));
			my ($now, $again, $kept) = split /^----\n/m, $said;
			$tried++;
			if ($kind eq 'malloc' && $said =~ $ended)
			{
				$sessions_ended++;
				next;
			}
			$now =~ s/$core// if $kind eq 'malloc';
			my @errors = $now =~ /(?:ERROR|FATAL|PANIC):  (\w+):/g;
			$refused++ if grep { $_ eq '53200' } @errors;
			push @wrong, "request $n: $said"
			  if (grep { $_ ne '53200' && $_ ne '25P02' } @errors)
			  || !defined $again || $again ne $second || ($kept // '') ne "t\n";
		}
		$errors_seen += $refused;
		is(scalar(@wrong), 0, "$name: of $requests requests by $kind, $refused were refused one at a time")
		  or diag(join "\n", @wrong[ 0 .. ($#wrong < 2 ? $#wrong : 2) ]);
	}
}
note("$tried requests failed; $errors_seen were errors, by PostgreSQL's own settings $sessions_ended sessions ended");
cmp_ok($errors_seen, '>', $tried / 2, 'most of the requests that failed were seen as errors');
unlike(slurp_file($node->logfile), qr/PANIC|TRAP|terminated by signal/, 'the server stayed up');
is(invariants($node, 'postgres', 'crm'), '', 'the history is whole');

$node->stop;
done_testing();
