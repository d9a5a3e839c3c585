# pg_cron sweeps a workspace by itself, in the name of its owner; and where
# pg_cron is not, that is said.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($stdout, $stderr);

chomp(my $sharedir = (run_command([ 'pg_config', '--sharedir' ]))[0]);
plan skip_all => 'pg_cron is not installed'
  unless -e "$sharedir/extension/pg_cron.control";

my $node = PostgreSQL::Test::Cluster->new('cron');
$node->init;
$node->append_conf(
	'postgresql.conf', q{
shared_preload_libraries = 'pg_cron'
cron.database_name = 'home'
cron.use_background_workers = on
max_worker_processes = 20
});
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE home');

# Without pg_cron in the database.
my $filled = q{
	SET client_min_messages = warning;
	CREATE EXTENSION leadflow;
	SELECT leadflow.create_workspace('crm');
	UPDATE crm.business_calendar SET calendar = 'UTC; 24/7';
	INSERT INTO crm.lead (source, stage_since) VALUES ('t', now() - interval '3 days');
	INSERT INTO crm.touch (lead_id, kind, direction, at) VALUES (1, 'demo_request', 'inbound', now() - interval '1 hour');
};
foreach my $db ('postgres', 'home')
{
	$node->safe_psql($db, $filled);
	(undef, $stdout, $stderr) = $node->psql($db, "SELECT leadflow.schedule('crm')",
		extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	like($stderr, qr/0A000: this database has no pg_cron/, "$db: there is no pg_cron");
	like($stderr, qr/here in "home"/, "$db: where it belongs");
	like(
		$stderr,
		$db eq 'home' ? qr/HINT:  CREATE EXTENSION pg_cron/ : qr/cron\.schedule_in_database/,
		"$db: what to do");
}

$node->safe_psql('postgres', 'CREATE ROLE keeper LOGIN; CREATE ROLE stranger LOGIN; ALTER SCHEMA crm OWNER TO keeper');
(undef, $stdout, $stderr) = $node->psql('postgres', "SELECT leadflow.schedule('crm')",
	extra_params => [ '-U', 'keeper', '-v', 'VERBOSITY=sqlstate' ]);
like($stderr, qr/0A000/, 'also to those who may not read its settings');

# With it, by an owner who is no superuser.
$node->safe_psql(
	'home', q{
	CREATE EXTENSION pg_cron;
	GRANT USAGE ON SCHEMA cron TO keeper;
	ALTER SCHEMA crm OWNER TO keeper;
	DO $$ DECLARE r text; BEGIN
		FOR r IN SELECT oid::regclass FROM pg_class WHERE relnamespace = 'crm'::regnamespace AND relkind IN ('r', 'v') LOOP
			EXECUTE format('ALTER TABLE %s OWNER TO keeper', r);
		END LOOP; END $$});
my @keeper = (extra_params => [ '-U', 'keeper' ]);
my $job = $node->safe_psql('home', "SELECT leadflow.schedule('crm', '0 0 1 1 *')", @keeper);
is($node->safe_psql('home', "SELECT leadflow.schedule('crm')", @keeper),
	$job, 'scheduling again changes the job');
is( $node->safe_psql('home', 'SELECT jobname, schedule, command, database, username, active FROM cron.job'),
	"leadflow sweep crm|* * * * *|SELECT * FROM leadflow.sweep('crm')|home|keeper|t",
	'the job');
(undef, $stdout, $stderr) = $node->psql('home', "SELECT leadflow.schedule('crm')",
	extra_params => [ '-U', 'stranger', '-v', 'VERBOSITY=sqlstate' ]);
like($stderr, qr/42501/, 'only the owner schedules');
(undef, $stdout, $stderr) = $node->psql('home', "SELECT leadflow.schedule('crm', 'often')", @keeper);
like($stderr, qr/invalid schedule: often/, 'pg_cron says what is no schedule');
is($node->safe_psql('home', "SELECT count(*) FROM cron.job WHERE schedule = '* * * * *'"),
	'1', 'and the job stays');

ok( $node->poll_query_until('home',
		"SELECT count(*) = 1 FROM crm.alert WHERE kind = 'breach' AND sent_at IS NOT NULL"),
	'the job has swept');
ok( $node->poll_query_until('home',
		"SELECT count(*) > 0 FROM cron.job_run_details WHERE status = 'succeeded'"),
	'and says so');
is( $node->safe_psql('home', "SELECT count(*) FROM cron.job_run_details WHERE status = 'failed'"),
	'0', 'without a failure');

is($node->safe_psql('home', "SELECT leadflow.unschedule('crm')", @keeper), 't', 'the job is ended');
is($node->safe_psql('home', 'SELECT count(*) FROM cron.job'), '0', 'it is gone');
is($node->safe_psql('home', "SELECT leadflow.unschedule('crm')", @keeper), 'f', 'there is nothing more to end');

# Scores are the other task.
$node->safe_psql('home', "SELECT leadflow.schedule('crm', '* * * * *', 'scores')", @keeper);
ok( $node->poll_query_until('home',
		'SELECT count(*) > 0 FROM crm.lead_score JOIN crm.score_run ON finished_at IS NOT NULL'),
	'the job has scored');
is($node->safe_psql('home', "SELECT leadflow.unschedule('crm')", @keeper), 'f', 'no sweep is scheduled');
is($node->safe_psql('home', "SELECT leadflow.unschedule('crm', 'scores')", @keeper), 't', 'the scores are ended');

$node->stop;
done_testing();
