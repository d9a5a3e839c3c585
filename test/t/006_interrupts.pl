# Long statements stop when they are told to, whoever tells them, and leave the
# session usable and the workspace whole.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use Workspace;

# How long a statement may go on after it was told to stop, in seconds.  On a
# busy machine; each of them would take much longer if it did not listen.
use constant PROMPTLY => 3;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION leadflow;
	SELECT leadflow.create_workspace('crm', 'empty');
	INSERT INTO crm.touch_kind (kind, is_signal, is_contact, meaning) VALUES ('form', true, false, 'a form'), ('call', false, true, 'a call');
	INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES
		('sal', 'interest', 'signs of interest', 'signals >= 1 AND channels_tried >= 0');
	INSERT INTO crm.sla_policy (policy, metric, starts_on_touch, starts_on_stage, stops_on_touch, target, measure, promise) VALUES
		('mql', 'response', '{form}', 'mql', '{call}', '1000000 hours', 'working', 'some day');
	SET session_replication_role = replica;
	INSERT INTO crm.lead (source, stage, furthest_stage, stage_since, created_at, updated_at)
	SELECT 'web', 'lead', 'lead', now(), now(), now() FROM generate_series(1, 100000);
	INSERT INTO crm.opportunity (source, lead_id, stage, furthest_stage, stage_since, created_at, updated_at)
	SELECT 'web', id, 'opportunity', 'opportunity', now(), now(), now() FROM crm.lead WHERE id <= 100;
	INSERT INTO crm.touch (lead_id, kind, direction, channel, at)
	SELECT 1, 'form', 'inbound', 'web', '2026-01-01 00:00+00'::timestamptz + i * interval '1 second' FROM generate_series(1, 200000) i;
	RESET session_replication_role;
	ANALYZE});

my %long = (
	'a bulk update through the guard' =>
	  "UPDATE crm.lead SET stage = 'contacted'",
	'a bulk insert through the recorder' =>
	  "INSERT INTO crm.lead (source, stage) SELECT 'web', 'mql' FROM generate_series(1, 1000000)",
	'a COPY' =>
	  "COPY crm.lead (source) FROM PROGRAM 'yes web'",
	'touches that start clocks' =>
	  "INSERT INTO crm.touch (lead_id, kind, direction) SELECT id, 'form', 'inbound' FROM crm.lead",
	'open_spans over all of time' =>
	  "SELECT count(*) FROM leadflow.open_spans('Europe/Warsaw; Mo-Fr 09:00-17:00', '4000-01-01 00:00+00 BC', '200000-01-01 00:00+00')",
	'worktime, many times' =>
	  "SELECT sum(leadflow.worktime('Europe/Warsaw; Mo-Fr 09:00-17:00; Dec 24 off', '1900-01-01 00:00+00', '2100-01-01 00:00+00'::timestamptz + i * interval '1 second')) FROM generate_series(1, 100000000) i",
	'explaining every lead' =>
	  "SELECT count(*) FROM crm.lead l, leadflow.explain('crm', l.id, 'won')",
	'moving a lead with 200,000 touches to and fro' => q{
		DO $$
		BEGIN
			LOOP
				UPDATE crm.lead SET stage = 'sal' WHERE id = 1;
				UPDATE crm.lead SET stage = 'sal.again' WHERE id = 1;
			END LOOP;
		END;
		$$});
my $usable = q{
	UPDATE crm.lead SET stage = 'lead.asked' WHERE id = 2;
	UPDATE crm.lead SET stage = 'lead' WHERE id = 2;
	SELECT stage FROM crm.lead WHERE id = 2};

foreach my $name (sort keys %long)
{
	# by a timeout
	my ($stdout, $stderr) = ('', '');
	my $begun = time;
	$node->psql(
		'postgres', qq{
		\\set VERBOSITY sqlstate
		SET statement_timeout = '200ms';
		$long{$name};
		RESET statement_timeout;
		$usable},
		stdout => \$stdout, stderr => \$stderr, on_error_stop => 0);
	my $took = time - $begun;
	like($stderr, qr/ERROR:  57014$/, "$name: statement_timeout stops it");
	cmp_ok($took, '<', 0.2 + PROMPTLY, "$name: promptly");
	is($stdout, 'lead', "$name: the session goes on");
}

foreach my $name (sort keys %long)
{
	# by somebody else
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	$session->query_safe("SET application_name = 'long'");
	$session->query_until(qr/begun/, "\\echo begun\n$long{$name};\n");
	$node->poll_query_until(
		'postgres', q{
		SELECT count(*) = 1 FROM pg_stat_activity
		WHERE application_name = 'long' AND state = 'active' AND clock_timestamp() - query_start > '50 ms'})
	  or die "$name has not begun";
	my $begun = time;
	$node->safe_psql('postgres',
		"SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'long'"
	);
	is($session->query($usable), 'lead', "$name: a cancelled session goes on");
	cmp_ok(time - $begun, '<', PROMPTLY, "$name: it is cancelled promptly");
	$session->quit;
}

# One lead's evidence, in a single statement
$node->safe_psql('postgres', "UPDATE crm.lead SET stage = 'sal' WHERE id = 1");
is( $node->safe_psql('postgres',
		"SELECT value_seen FROM leadflow.explain('crm', 1, 'sal') WHERE criterion = 'interest'"),
	'signals = 200000, channels_tried = 0',
	'evidence of 200,000 touches is counted');
my ($stdout, $stderr) = ('', '');
$node->psql(
	'postgres', qq{
	\\set VERBOSITY sqlstate
	SELECT count(*) FROM leadflow.explain('crm', 1, 'mql');
	SET statement_timeout = '5ms';
	SELECT count(*) FROM leadflow.explain('crm', 1, 'sal');
	UPDATE crm.lead SET stage = 'sal.x' WHERE id = 1;
	RESET statement_timeout;
	$usable},
	stdout => \$stdout, stderr => \$stderr, on_error_stop => 0);
like($stderr, qr/ERROR:  57014\n.*ERROR:  57014$/s,
	'reading the evidence of one lead is interrupted');
like($stdout, qr/lead$/, 'the session goes on');

# Nobody waits for a lock for longer than he wants to.
my $holder = $node->background_psql('postgres');
$holder->query_safe('BEGIN');
$holder->query_safe("UPDATE crm.lead SET stage = 'contacted' WHERE id = 50");
foreach my $write (
	"UPDATE crm.lead SET stage = 'contacted' WHERE id = 50",
	"INSERT INTO crm.touch (lead_id, kind, direction) VALUES (50, 'call', 'outbound')")
{
	($stdout, $stderr) = ('', '');
	$node->psql(
		'postgres', qq{
		\\set VERBOSITY sqlstate
		SET lock_timeout = '50ms';
		$write;
		RESET lock_timeout;
		$usable},
		stdout => \$stdout, stderr => \$stderr, on_error_stop => 0);
	like($stderr, qr/ERROR:  55P03$/, "lock_timeout: $write");
	is($stdout, 'lead', 'the session goes on');
}
$holder->query_safe('ROLLBACK');
$holder->quit;

# What was interrupted has left nothing behind.
is( $node->safe_psql(
		'postgres', q{
		SELECT count(*) FROM crm.lead WHERE stage <> 'lead';
		SELECT count(*) FROM crm.opportunity WHERE stage <> 'opportunity';
		SELECT count(*) FROM crm.lead;
		SELECT count(*) FROM crm.touch;
		SELECT DISTINCT lead_id FROM crm.stage_event ORDER BY 1;
		SELECT count(*) FROM crm.sla_clock WHERE lead_id > 1}),
	"1\n0\n100000\n200000\n1\n2\n0",
	'what was interrupted has left nothing behind');

$node->stop;
done_testing();
