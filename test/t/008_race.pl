# Clients that all work on the same few leads at once: moves, touches,
# opportunities, changes of definitions.  Nobody meets an error that one client
# alone would not meet, and afterwards leads, history and clocks agree.
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
$node->append_conf('postgresql.conf', q{
log_statement = none
deadlock_timeout = 100ms
});
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION leadflow;
	SELECT leadflow.create_workspace('crm', 'empty');
	INSERT INTO crm.transition (object, from_stage, to_stage, reason_required) VALUES
		('lead', 'expansion', 'lead', false), ('opportunity', 'expansion', 'opportunity', false);
	INSERT INTO crm.touch_kind (kind, is_signal, is_contact, meaning) VALUES
		('form', true, false, 'a form'), ('demo', true, false, 'a demonstration'), ('call', false, true, 'a call');
	INSERT INTO crm.sla_policy (policy, metric, position, starts_on_touch, starts_on_stage, stops_on_touch, stops_on_stage, target, measure, promise) VALUES
		('demo', 'response', 1, '{demo}', NULL, '{call}', 'sal', '1 hour', 'elapsed', 'soon'),
		('form', 'response', 2, '{form}', 'mql', '{call}', 'sal', '4 hours', 'elapsed', 'today');
	INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('mql', 'x', 'x', 'true');
	INSERT INTO crm.lead (source, external_id) SELECT 'web', i::text FROM generate_series(1, 3) i;
	INSERT INTO crm.opportunity (source, external_id) SELECT 'web', i::text FROM generate_series(1, 6) i;
	ALTER TABLE crm.opportunity DISABLE TRIGGER "000_leadflow_recorder";
	UPDATE crm.opportunity SET lead_id = 1 + id % 3;
	ALTER TABLE crm.opportunity ENABLE TRIGGER "000_leadflow_recorder";
	CREATE FUNCTION next_stage(leadflow.stage, leadflow.stage) RETURNS leadflow.stage LANGUAGE sql STABLE AS $$
		SELECT COALESCE((SELECT min(s.stage) FROM leadflow.spine() s WHERE s.stage > $1 AND s.stage >= $2), $2) $$});

my $dir = PostgreSQL::Test::Utils::tempdir();

sub run_clients
{
	my ($name, $clients, $transactions, %scripts) = @_;
	my @files;

	foreach my $script (sort keys %scripts)
	{
		my $file = "$dir/$script.sql";
		unlink $file;
		append_to_file($file,
			"\\set lead random(1, 3)\n\\set deal random(1, 6)\n$scripts{$script}");
		push @files, '-f', $file;
	}
	my ($stdout, $stderr) = run_command(
		[
			'pgbench', '-n', '-c', $clients, '-j', 2, '-t', $transactions,
			'--random-seed', 1, '-h', $node->host, '-p', $node->port, @files,
			'postgres'
		]);
	my %errors;
	$errors{$1}++ while $stderr =~ /ERROR:  (.*)/g;
	ok(!%errors, "$name: nobody meets an error")
	  or diag(map { "$errors{$_} times: $_\n" } sort keys %errors);
	is(invariants($node, 'postgres', 'crm'),
		'', "$name: leads, history and clocks agree");
	return;
}

my $move = q{UPDATE crm.lead SET stage = next_stage(stage, 'lead') WHERE id = :lead;};
my $upsert = q{
INSERT INTO crm.lead (source, external_id, stage) VALUES ('web', :lead, 'engaged')
ON CONFLICT (source, external_id) DO UPDATE SET stage = next_stage(lead.stage, 'lead');};

run_clients('moves', 4, 150, move => $move, upsert => $upsert);
is( $node->safe_psql(
		'postgres', q{
		SELECT count(*) FROM crm.stage_event WHERE subject = 'lead' AND NOT implied AND from_stage <> 'engaged'}),
	'600',
	'moves: each has its event');

run_clients(
	'opportunities', 4, 100,
	move => $move,
	deal => q{UPDATE crm.opportunity SET stage = next_stage(stage, 'opportunity') WHERE id = :deal AND stage <> 'expansion';},
	new => q{INSERT INTO crm.opportunity (source, lead_id, stage) SELECT 'bench', id, 'opportunity' FROM crm.lead WHERE id = :lead;});

run_clients(
	'definitions', 4, 50,
	move => $move,
	edit => q{UPDATE crm.standard SET position = position + 1 WHERE criterion = 'x';},
	add => q{
BEGIN;
INSERT INTO crm.stage_alias (source, status, stage) VALUES ('bench', gen_random_uuid()::text, 'lead');
ROLLBACK;});

run_clients(
	'touches', 4, 100,
	demo => q{INSERT INTO crm.touch (lead_id, kind, direction) VALUES (:lead, 'demo', 'inbound');},
	form => q{INSERT INTO crm.touch (lead_id, kind, direction) VALUES (:lead, 'form', 'inbound');},
	call => q{INSERT INTO crm.touch (lead_id, kind, direction) VALUES (:lead, 'call', 'outbound');},
	move => $move);
is( $node->safe_psql(
		'postgres', q{
		SELECT count(*) FROM crm.sla_clock c
		WHERE c.stopped_at IS NULL AND c.cancelled_at IS NULL
		AND EXISTS (SELECT FROM crm.touch t WHERE t.lead_id = c.lead_id AND t.kind = 'call' AND t.at >= c.started_at)}),
	'0',
	'touches: no clock runs on after its answer');

$node->stop;
done_testing();
