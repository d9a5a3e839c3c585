# A workspace is read from another database as if it were there: what leadflow
# adds to a WHERE clause or a GROUP BY is evaluated where the rows are, and gives
# the same.  What is not, is named here too.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Workspace;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\njit = off\nTimeZone = 'UTC'");
$node->start;
if ($node->safe_psql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'}) eq '0')
{
	$node->stop;
	plan skip_all => 'needs postgres_fdw';
}

my $host = $node->host;
my $port = $node->port;
my $clock = FIXED_CLOCK;
my $user = $node->safe_psql('postgres', 'SELECT current_user');

$node->safe_psql('postgres', 'CREATE DATABASE poland');
create_filled($node, 'poland');
$node->safe_psql('poland', q{
	CREATE VIEW crm.funnel_path AS
	SELECT leadflow.funnel_total(p.path) AS summary
	FROM (SELECT e.lead_id, leadflow.funnel_agg(e.at, e.to_stage::text, '{lead,mql,sal,won}') AS path FROM crm.stage_event e GROUP BY e.lead_id) p});
$node->safe_psql('postgres', 'CREATE DATABASE germany TEMPLATE poland');
$node->safe_psql('germany', q{INSERT INTO crm.lead (source, external_id) VALUES ('web', 'D-1'), ('web', 'D-2')});
$node->safe_psql('postgres', qq{
	CREATE DATABASE head;
	\\c head
	CREATE EXTENSION leadflow;
	CREATE EXTENSION postgres_fdw;
	CREATE SERVER poland FOREIGN DATA WRAPPER postgres_fdw
		OPTIONS (host '$host', port '$port', dbname 'poland', extensions 'leadflow', options '-c leadflow.clock=2026-03-02T12:00Z');
	CREATE SERVER germany FOREIGN DATA WRAPPER postgres_fdw
		OPTIONS (host '$host', port '$port', dbname 'germany', extensions 'leadflow');
	CREATE USER MAPPING FOR CURRENT_USER SERVER poland OPTIONS (user '$user');
	CREATE USER MAPPING FOR CURRENT_USER SERVER germany OPTIONS (user '$user');
	CREATE SCHEMA poland;
	CREATE SCHEMA germany;
	IMPORT FOREIGN SCHEMA crm FROM SERVER poland INTO poland;
	IMPORT FOREIGN SCHEMA crm LIMIT TO (funnel_path) FROM SERVER germany INTO germany});

# A query on the foreign workspace gives what it gives at home; what it sends
# there is matched, and so is what it must not send.
sub reads
{
	my ($query, $sent, $kept, $name) = @_;
	my $plan = $node->safe_psql('head', "EXPLAIN (VERBOSE, COSTS OFF) $query");
	my ($remote) = $plan =~ /Remote SQL: (.*)/;

	like($remote, $sent, "$name: sent");
	$kept ? like($plan, $kept, "$name: kept") : unlike($plan, qr/Filter:|Aggregate\n|GroupAggregate|HashAggregate/, "$name: nothing kept");
	$query =~ s/\bpoland\./crm./g;
	my $home = $node->safe_psql('poland', "SET leadflow.clock = '$clock'; $query");
	$query =~ s/\bcrm\./poland./g;
	is($node->safe_psql('head', "SET leadflow.clock = '$clock'; $query"), $home, "$name: the same");
	isnt($home, '', "$name: not empty");
	return;
}

# conditions
reads(q{SELECT count(*) FROM poland.lead WHERE stage >= 'mql'}, qr/count\(\*\).*WHERE \(\(stage >= 'mql'(::leadflow\.stage)?\)\)/, undef, 'order of stages');
reads(q{SELECT id FROM poland.lead WHERE stage <@ 'lost' ORDER BY id}, qr/stage <@ 'lost'/, undef, 'containment');
reads(q{SELECT id FROM poland.lead WHERE leadflow.base(stage) = 'lost' OR leadflow.is_exit(stage) ORDER BY id},
	qr/leadflow\.base\(stage\) = 'lost'.* OR leadflow\.is_exit\(stage\)/, undef, 'functions of a stage');
reads(q{SELECT id FROM poland.lead WHERE stage = 'mql' OR stage = 'sal' ORDER BY stage, id LIMIT 3}, qr/WHERE .*ORDER BY stage ASC.* LIMIT 3/, undef, 'sorting by stage');
reads(q{SELECT stage, count(*) FROM poland.lead GROUP BY stage ORDER BY stage}, qr/GROUP BY 1/, undef, 'grouping by stage');
reads(q{SELECT count(*) FROM poland.sla_clock WHERE leadflow.worktime(calendar, started_at, due_at) > '1 hour'},
	qr/leadflow\.worktime\(calendar, started_at, due_at\) > '01:00:00'/, undef, 'working time');
reads(q{SELECT count(*) FROM poland.sla_clock WHERE calendar @> due_at}, qr/calendar @> due_at/, undef, 'opening hours');
reads(q{SELECT count(*) FROM poland.touch WHERE at <= (SELECT leadflow.clock())}, qr/at <= \$1/, undef, 'the clock as a value');

# aggregates
reads(q{SELECT lead_id, leadflow.funnel_agg(at, kind, '{form_submit,demo_request,call}')::text FROM poland.touch GROUP BY lead_id ORDER BY lead_id},
	qr/leadflow\.funnel_agg.*GROUP BY/, undef, 'funnel_agg');
reads(q{SELECT lead_id, leadflow.stage_timeline_agg(at, to_stage, id)::text FROM poland.stage_event GROUP BY lead_id ORDER BY lead_id},
	qr/leadflow\.stage_timeline_agg.*GROUP BY/, undef, 'stage_timeline_agg');
reads(q{SELECT lead_id, leadflow.last_state(at, channel, id, NULL), leadflow.first_state(at, kind, id) FROM poland.touch GROUP BY lead_id ORDER BY lead_id},
	qr/leadflow\.last_state.*leadflow\.first_state.*GROUP BY/, undef, 'last_state and first_state');
reads(q{SELECT leadflow.km_agg(started_at, stopped_at, '2026-03-01')::text FROM poland.sla_clock}, qr/leadflow\.km_agg/, undef, 'km_agg');
reads(q{SELECT leadflow.naive_bayes_fit(stage = 'won', ARRAY[source, industry])::text FROM poland.lead}, qr/leadflow\.naive_bayes_fit/, undef, 'naive_bayes_fit');

# reports
reads(q{SELECT stage, reached FROM poland.funnel WHERE reached > 0 ORDER BY position}, qr/FROM crm\.funnel WHERE \(\(reached > 0\)\)/, undef, 'a report');
reads(q{SELECT count(*), sum(reached) FROM poland.funnel}, qr/sum\(reached\) FROM crm\.funnel/, undef, 'sums of a report');

# what stays here
reads(q{SELECT count(*) FROM poland.lead WHERE stage >= 'mql'::text}, qr/FROM crm\.lead$/, qr/Filter/, 'a stage beside a text');
# an array of values of an extension is sent from PostgreSQL 17 on
reads(q{SELECT count(*) FROM poland.lead WHERE stage IN ('mql', 'sal')},
	$node->safe_psql('postgres', 'SHOW server_version_num') >= 170000 ? (qr/WHERE .*stage/, undef) : (qr/FROM crm\.lead$/, qr/Filter/), 'an array of stages');
reads(q{SELECT count(*) FROM poland.touch WHERE at <= leadflow.clock()}, qr/FROM crm\.touch$/, qr/Filter/, 'a stable function');
reads(q{SELECT max(s.state) FROM (SELECT leadflow.last_state(at, to_stage::text, id, NULL) AS state FROM poland.stage_event GROUP BY lead_id) s},
	qr/SELECT id, at, .*FROM crm\.stage_event$/, qr/HashAggregate|GroupAggregate/, 'an aggregate of a cast');

# summaries of several servers make one
is($node->safe_psql('head', q{
		SELECT leadflow.subjects(s.whole), leadflow.reached(s.whole, 2)
		FROM (SELECT leadflow.rollup(p.summary) AS whole FROM (TABLE poland.funnel_path UNION ALL TABLE germany.funnel_path) p) s}),
	join('|', map {
			my $column = $_;
			$node->safe_psql('poland', "SELECT $column FROM crm.funnel_path") + $node->safe_psql('germany', "SELECT $column FROM crm.funnel_path")
	} ('leadflow.subjects(summary)', 'leadflow.reached(summary, 2)')),
	'summaries of two servers are rolled up');

# a write is judged where the lead is
my ($status, $stdout, $stderr) = $node->psql('head', "\\set VERBOSITY verbose\nUPDATE poland.lead SET stage = 'won' WHERE id = 12", on_error_stop => 1);
like($stderr, qr/ERROR:  23514: lead 12 does not meet the standard of stage "won"\nDETAIL:  why_now/, 'a write is refused in the words of the guard');
$node->safe_psql('head', q{UPDATE poland.lead SET stage = 'contacted' WHERE id = 12});
is($node->safe_psql('poland', q{SELECT to_stage FROM crm.stage_event WHERE lead_id = 12 ORDER BY id DESC LIMIT 1}), 'contacted', 'and recorded where it succeeds');
is(invariants($node, 'poland', 'crm'), '', 'the history is whole');

$node->stop;
done_testing();
