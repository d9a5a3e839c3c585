# What the server's log says of a person: with the settings that doc/people.md
# gives, nothing.
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
$node->append_conf('postgresql.conf', qq{
log_statement = none
log_min_messages = info
log_min_duration_statement = -1
});
$node->start;
create_filled($node, 'postgres');
$node->safe_psql(
	'postgres', q{
	CREATE TABLE suite (id text PRIMARY KEY, name text, grade text);
	INSERT INTO suite VALUES ('ada-1', 'Ada Lovelace', 'C'), ('ada-2', 'Ada Lovelace', NULL);
	SELECT leadflow.attach('crm', 'suite', 'lead', '{"external_id": "new.id", "full_name": "new.name", "stage": "new.grade"}', '{"source": "suite"}')});

# Everything that may be said of her, through every door: refused, parked and
# warned of, by COPY and by parameters, attached, looked at and forgotten.
sub meet_her
{
	my $offset = -s $node->logfile;
	my $said = '';

	$node->psql(
		'postgres', q{
		INSERT INTO crm.lead (source, external_id, full_name, email, stage) VALUES ('web', 'ada', 'Ada Lovelace', 'ada@lovelace.example', 'sal');
		INSERT INTO crm.lead (source, external_id, full_name) VALUES ('web', 'ada', 'Ada Lovelace'), ('web', 'ada', 'Ada Lovelace');
		INSERT INTO crm.lead (source, external_id, full_name, campaign_id) VALUES ('web', 'ada', 'Ada Lovelace', 0);
		INSERT INTO crm.lead (source, full_name, email) VALUES (NULL, 'Ada Lovelace', 'ada@lovelace.example');
		PREPARE her (text, text) AS INSERT INTO crm.lead (source, full_name, email, stage) VALUES ('web', $1, $2, 'won');
		EXECUTE her ('Ada Lovelace', 'ada@lovelace.example');
		COPY crm.lead (source, full_name, stage) FROM STDIN;
web	Ada Lovelace	sal
\.
		SET leadflow.on_violation = warn;
		INSERT INTO crm.lead (source, external_id, full_name, stage) VALUES ('web', 'ada', 'Ada Lovelace', 'sal');
		SET leadflow.on_violation = park;
		INSERT INTO crm.lead (source, external_id, full_name, email, stage) VALUES ('web', 'ada parked', 'Ada Lovelace', 'ada@lovelace.example', 'sal');
		RESET leadflow.on_violation;
		UPDATE suite SET grade = 'sal';
		CALL leadflow.backfill('crm', 'suite');
		SELECT * FROM leadflow.retry_quarantine('crm');
		SELECT * FROM leadflow.sweep('crm');
		CALL leadflow.refresh_scores('crm');
		SELECT * FROM leadflow.mentions('crm', 'Ada Lovelace');
		SELECT leadflow.forget('crm', id) FROM crm.lead WHERE full_name = 'Ada Lovelace' OR external_id ~ 'ada';
		SELECT 1 / 0},
		stderr => \$said, on_error_stop => 0);
	like($said, qr/new lead does not meet the standard.*lovelace.*division by zero/s, 'the writer is told of her');
	my $log = slurp_file($node->logfile, $offset);
	like($log, qr/new lead does not meet the standard.*division by zero/s, 'the log tells of her refusals');
	return $log;
}

like(meet_her(), qr/Lovelace/, 'and names her, if nobody objects');

my ($settings) = slurp_file('doc/people.md') =~ /^(ALTER SYSTEM SET log_error_verbosity.*?)^```/ms;
$node->psql('postgres', $settings);
$node->poll_query_until('postgres', q{SELECT current_setting('log_error_verbosity') = 'terse'});
unlike(meet_her(), qr/Ada|ada\b|Lovelace/i, 'with the settings of the document it does not');

$node->stop;
done_testing();
