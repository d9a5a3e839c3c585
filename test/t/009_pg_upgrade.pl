# pg_upgrade carries a workspace over: rows, triggers, views, rights.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use Cwd;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Workspace;

my $old = PostgreSQL::Test::Cluster->new('old');
$old->init;
$old->start;
create_filled($old, 'postgres');
my $catalog = catalog($old, 'postgres', 'crm');
my $contents = contents($old, 'postgres', 'crm');
$old->stop;

my $new = PostgreSQL::Test::Cluster->new('new');
$new->init;
my $bindir = qx{$ENV{PG_CONFIG} --bindir};
chomp $bindir;

# pg_upgrade writes into the current directory.
my $checkout = getcwd();
chdir PostgreSQL::Test::Utils::tempdir();
$new->command_ok(
	[
		'pg_upgrade',
		'-d', $old->data_dir, '-D', $new->data_dir,
		'-b', $bindir, '-B', $bindir,
		'-s', $new->host, '-p', $old->port, '-P', $new->port
	],
	'pg_upgrade runs');
chdir $checkout;
$new->start;

same_lines(catalog($new, 'postgres', 'crm'),
	$catalog, 'the catalogs are the same');
same_lines(contents($new, 'postgres', 'crm'),
	$contents, 'tables, views and sequences hold the same');
is_refused($new, 'postgres',
	"UPDATE crm.lead SET stage = 'sal' WHERE id = 15",
	'23514', 'why_now', 'a write is judged');
is( $new->safe_psql(
		'postgres', q{
		UPDATE crm.lead SET stage = 'contacted' WHERE id = 15;
		SELECT from_stage, to_stage, implied FROM crm.stage_event ORDER BY id DESC LIMIT 1}),
	'mql|contacted|f',
	'and recorded');
$new->safe_psql('postgres', "SELECT leadflow.create_workspace('later')");
is(invariants($new, 'postgres', 'crm'), '', 'the history is whole');

$new->stop;
done_testing();
