# Every long operation is stopped at one instant after another until it comes to
# its end: by statement_timeout, by another session, by lock_timeout and while it
# waits in an open transaction.  It stops at once, the session goes on, and the
# workspace is as it was.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use Workspace;

# How long it may go on after it was told to stop, in seconds, on a busy machine.
use constant PROMPTLY => 3;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', q{
jit = off
log_statement = none
log_min_messages = log
});
$node->start;
create_filled($node, 'postgres');
$node->safe_psql(
	'postgres', q{
	SET timezone = 'UTC';
	CREATE TABLE suite (id bigint PRIMARY KEY, name text);
	INSERT INTO suite SELECT i, 'Lead ' || i FROM generate_series(1, 600) i;
	SELECT leadflow.attach('crm', 'suite', 'lead', '{"external_id": "new.id", "full_name": "new.name"}', '{"source": "suite"}');
	SET leadflow.on_violation = warn;
	SET leadflow.clock = '2026-02-10 10:00+00';
	INSERT INTO crm.lead (source, external_id, origin, industry) SELECT 'list', i, 'o' || i % 2, 'i' || i % 3 FROM generate_series(1, 400) i;
	INSERT INTO crm.touch (lead_id, kind, channel, direction, at) SELECT id, 'demo_request', 'web', 'inbound', '2026-02-10 09:00+00' FROM crm.lead WHERE source = 'list';
	UPDATE crm.lead SET stage = 'mql' WHERE source = 'list';
	UPDATE crm.lead SET stage = CASE WHEN id % 2 = 0 THEN 'won' ELSE 'lost' END::leadflow.stage, reason = CASE WHEN id % 2 = 1 THEN 'too_expensive' END
	WHERE source = 'list' AND id % 4 < 2;
	SET leadflow.on_violation = park;
	UPDATE crm.lead SET stage = 'sql' WHERE source = 'list' AND id % 4 = 2;
	SELECT leadflow.create_workspace('months', partitioned => true);
	SELECT leadflow.add_partitions('months', since => '2025-11-01');
	RESET leadflow.on_violation;
	SET leadflow.clock = '2025-11-10 10:00+00';
	INSERT INTO months.lead (source, external_id) SELECT 'list', i FROM generate_series(1, 200) i;
	INSERT INTO months.touch (lead_id, kind, channel, direction, at) SELECT id, 'web_visit', 'web', 'inbound', '2025-11-11 10:00+00' FROM months.lead;
	SELECT leadflow.create_workspace('whole');
	CREATE TABLE customers (id bigint PRIMARY KEY);
	ALTER DATABASE postgres SET leadflow.clock = '2026-03-02 12:00+00';
	ALTER DATABASE postgres SET timezone = 'UTC';
	ANALYZE});
my @workspaces = ('crm', 'months', 'whole');
my %catalog = map { $_ => catalog($node, 'postgres', $_) } @workspaces;

# What the tables of the workspace hold.
my $tables = $node->safe_psql(
	'postgres', q{
	SELECT string_agg(format('SELECT %1$L, count(*), md5(string_agg(t::text, '' '' ORDER BY t::text COLLATE "C")) FROM %1$s t', oid::regclass), ' UNION ALL ')
	FROM pg_class WHERE relnamespace IN ('crm'::regnamespace, 'months'::regnamespace, 'whole'::regnamespace) AND relkind IN ('r', 'p')});
sub rows_of_tables
{
	return $node->safe_psql('postgres', "SELECT * FROM ($tables) t ORDER BY 1");
}

my $file = PostgreSQL::Test::Utils::tempdir() . '/leads';
append_to_file($file, "web\n" x 2000);
my %operations = (
	'a batch of backfill' => q{SELECT leadflow.backfill_batch('crm', (SELECT attachment FROM crm.attachment), 300)},
	'sweep' => q{SELECT * FROM leadflow.sweep('crm', '2026-02-12 12:00+00')},
	'scores' => q{SELECT leadflow.score_some('crm', 1000)},
	'calibrate odoo' => q{SELECT leadflow.calibrate('crm', 'odoo', '2026-03-01')},
	'calibrate naive_bayes' => q{SELECT leadflow.calibrate('crm', 'naive_bayes', '2026-03-01')},
	'calibrate logistic' => q{SELECT leadflow.calibrate('crm', 'logistic', '2026-03-01')},
	'backtest' => q{SELECT * FROM leadflow.backtest('crm', 'signals >= 1', '2026-02-01', '2026-03-01')},
	'a sample' => q{SELECT * FROM leadflow.review_sample('crm', '2026-02-01', '2026-03-01')},
	'merge' => q{SELECT leadflow.merge('crm', id, id + 1) FROM generate_series(30, 100, 2) id},
	'unmerge' => q{SELECT leadflow.merge('crm', id, id + 1) FROM generate_series(30, 100, 2) id; SELECT leadflow.unmerge('crm', id) FROM crm.lead_merge},
	'attach' => q{SELECT leadflow.attach('crm', 'customers', 'lead', '{"external_id": "new.id"}', '{"source": "customers"}')},
	'partition_workspace' => q{SELECT leadflow.partition_workspace('whole')},
	'add_partitions' => q{SELECT leadflow.add_partitions('months', since => '2024-01-01')},
	'close_books' => q{SELECT leadflow.close_books('crm')},
	'archive' => q{SELECT * FROM leadflow.archive('months', '2025-12-01')},
	'retry_quarantine' => q{SELECT * FROM leadflow.retry_quarantine('crm')},
	'create_workspace' => q{SELECT leadflow.create_workspace('other')},
	'upgrade_workspace' => q{SELECT leadflow.upgrade_workspace('crm')},
	'proposals' => q{SELECT leadflow.propose('crm', 'free_mail_domain', '{"operation": "insert", "row": {"domain": "a.example"}}', 'why', '2026-03-01'); SELECT * FROM leadflow.apply_proposals('crm')},
	'panel' => q{SELECT leadflow.panel('crm')},
	'handbook' => q{SELECT leadflow.handbook('crm')},
	'markov' => q{SELECT count(*) FROM leadflow.markov_attribution((SELECT leadflow.markov_agg(ARRAY['c' || i, 'c' || (i * 7) % 1000, 'c' || (i * 13) % 1000], 1, 0) FROM generate_series(1, 1000) i))},
	'shapley' => q{SELECT count(*) FROM leadflow.shapley_attribution((SELECT leadflow.shapley_agg((SELECT array_agg('c' || j) FROM generate_series(1, 14) j WHERE (i >> j) % 2 = 1 OR j = 1 + i % 14), 1, 0) FROM generate_series(1, 4000) i))},
	'logistic' => q{SELECT leadflow.logistic_fit(i % 3 = 0, ARRAY[i % 5, i % 7, i % 11, i % 13, i % 17]::float8[]) FROM generate_series(1, 30000) i},
	'forget' => q{SELECT leadflow.forget('crm', id) FROM generate_series(30, 60) id},
	'an update' => q{UPDATE crm.lead SET stage = 'disqualified', reason = 'spam' WHERE source = 'list' AND stage = 'mql'},
	'a COPY' => qq{COPY crm.lead (source) FROM '$file'},
	'definitions' => q{UPDATE crm.standard SET position = position + 1});
my @longest = ('create_workspace', 'upgrade_workspace', 'partition_workspace', 'close_books', 'archive', 'panel');

my $stops = 0;
my $before = rows_of_tables();
foreach my $name (sort keys %operations)
{
	my ($worst, $ended, @wrong) = (0, 0);

	# statement_timeout, later and later
	my $factor = (grep { $_ eq $name } @longest) ? 4 : 2.2;
	for (my $delay = 1; !$ended && $delay < 60000; $delay *= $factor)
	{
		my ($stdout, $stderr) = ('', '');
		my $milliseconds = int($delay);
		my $begun = time;
		$node->psql(
			'postgres', qq{
			\\set VERBOSITY sqlstate
			\\o /dev/null
			BEGIN;
			SET LOCAL statement_timeout = '${milliseconds}ms';
			$operations{$name};
			ROLLBACK;
			-- where the one before was stopped, too
			ROLLBACK;
			\\o
			SELECT count(*) > 0 FROM leadflow.explain('crm', 1, 'won')},
			stdout => \$stdout, stderr => \$stderr, on_error_stop => 0);
		my $late = time - $begun - $delay / 1000;
		if ($stderr =~ /ERROR/)
		{
			$stops++;
			$worst = $late if $late > $worst;
			push @wrong, $stderr if $stderr =~ /ERROR:  (?!57014|25P02)/;
		}
		else
		{
			$ended = 1;
		}
		push @wrong, "the session says $stdout" if $stdout ne 't';
	}
	ok($ended && !@wrong, "$name: stops when its time is over") or diag(@wrong);
	cmp_ok($worst, '<', PROMPTLY, "$name: at once");
}
is(rows_of_tables(), $before, 'nothing that was stopped has left a row');

# by another session
my $cancelled = 0;
foreach my $name (sort keys %operations)
{
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	my $pid = $session->query('SELECT pg_backend_pid()');
	my $begun = time;
	my $canceller = IPC::Run::start(
		[ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c',
			qq{DO \$\$ BEGIN
				WHILE clock_timestamp() < now() + interval '2 seconds' LOOP
					PERFORM pg_stat_clear_snapshot();
					PERFORM pg_cancel_backend($pid) FROM pg_stat_activity
					WHERE pid = $pid AND state = 'active' AND query ~ 'BEGIN|leadflow' AND clock_timestamp() > query_start + interval '10 ms';
					EXIT WHEN FOUND;
				END LOOP; END \$\$} ],
		'>', \my $out, '2>', \my $err);
	$session->query("BEGIN; $operations{$name}");
	$canceller->finish;
	$cancelled++ if $session->{stderr} =~ /canceling statement due to user request/;
	$session->{stderr} = '';
	is($session->query("ROLLBACK; SELECT count(*) > 0 FROM leadflow.explain('crm', 1, 'won')"), 't',
		"$name: the session of a cancelled one goes on");
	cmp_ok(time - $begun, '<', 5 + PROMPTLY, "$name: it was cancelled at once");
	$session->quit;
}
cmp_ok($cancelled, '>', keys(%operations) / 2, 'most were cancelled before they ended');
is(rows_of_tables(), $before, 'nothing that was cancelled has left a row');

# Whoever holds a lock on one of its tables makes it give up, and it leaves nothing.
my $holder = $node->background_psql('postgres');
my $waits = 0;
foreach my $table (qw(lead touch stage_event sla_clock alert quarantine lead_score definition_change standard workspace backfill_progress score_model proposal))
{
	$holder->query_safe("BEGIN; LOCK TABLE crm.$table IN ACCESS EXCLUSIVE MODE");
	my $script = join '', map {
		"BEGIN;\nSET LOCAL lock_timeout = '5ms';\nSET LOCAL statement_timeout = '200ms';\n$operations{$_};\nROLLBACK;\n"
	} grep { !/markov|shapley|logistic|handbook|create_workspace/ } sort keys %operations;
	my ($stdout, $stderr) = ('', '');
	$node->psql('postgres', "\\set VERBOSITY sqlstate\n\\o /dev/null\n$script", stdout => \$stdout, stderr => \$stderr, on_error_stop => 0);
	$waits += () = $stderr =~ /55P03/g;
	my @other = grep { !/55P03|57014|25P02/ } $stderr =~ /ERROR:  (\w+)/g;
	is("@other", '', "who waits for $table gives up");
	$holder->query_safe('ROLLBACK');
}
cmp_ok($waits, '>', 40, 'many had to wait');
$holder->quit;
is(rows_of_tables(), $before, 'nothing that waited has left a row');

# A transaction that is left open
my $idle = 0;
foreach my $name (sort keys %operations)
{
	my ($stdout, $stderr) = ('', '');
	$node->psql(
		'postgres', qq{
		\\o /dev/null
		SET idle_in_transaction_session_timeout = '1ms';
		BEGIN; $operations{$name};
		\\! sleep 0.05
		SELECT 1;},
		stdout => \$stdout, stderr => \$stderr, on_error_stop => 0)
	  if $name =~ /^(sweep|a batch|merge|scores|definitions|proposals|forget)/;
	$idle++ if $stderr =~ /idle-in-transaction timeout/;
}
is($idle, 7, 'open transactions are ended');
is(rows_of_tables(), $before, 'nothing of them is left');
same_lines(catalog($node, 'postgres', $_), $catalog{$_}, "$_: the catalogs are as they were") for @workspaces;
is($node->safe_psql('postgres', "SELECT to_regnamespace('other')"), '', 'no workspace is half made');

# Procedures keep what they have committed, go on from there, and end.
foreach my $call (
	[ "CALL leadflow.backfill('crm', 'suite', 50)", 'SELECT rows_read % 50 = 0 OR finished_at IS NOT NULL FROM crm.backfill_progress', "SELECT count(*) FROM crm.lead WHERE source = 'suite' AND external_id ~ '^[0-9]'" ],
	[ "CALL leadflow.refresh_scores('crm', 100)", 'SELECT true', 'SELECT count(*) FROM crm.score_run WHERE finished_at IS NULL' ])
{
	my ($statement, $whole, $count) = @$call;
	my ($ended, $stopped, @broken) = (0, 0);

	for (my $delay = 5; !$ended && $delay < 60000; $delay *= 1.5)
	{
		my ($stdout, $stderr) = ('', '');
		my $milliseconds = int($delay);
		$node->psql('postgres', "\\set VERBOSITY sqlstate\nSET statement_timeout = '${milliseconds}ms';\n$statement",
			stdout => \$stdout, stderr => \$stderr, on_error_stop => 0);
		$ended = $stderr !~ /ERROR/;
		$stopped++ unless $ended;
		push @broken, $stderr if $stderr =~ /ERROR:  (?!57014)/;
		push @broken, "not whole after $milliseconds ms" if $node->safe_psql('postgres', $whole) =~ /f/;
	}
	ok($ended && $stopped && !@broken, "$statement: goes on where it was stopped, and ends") or diag(@broken);
	is($node->safe_psql('postgres', $count), $statement =~ /backfill/ ? 600 : 0, "$statement: everything is done");
}
is(invariants($node, 'postgres', 'crm'), '', 'the history is whole');
note("$stops statements were stopped by their time, $waits gave up waiting");

$node->stop;
done_testing();
