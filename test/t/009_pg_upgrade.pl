# pg_upgrade carries a workspace over: rows, triggers, views, rights.  To this
# PostgreSQL from itself, and from an earlier major if LEADFLOW_OLD_POSTGRES
# names a folder whose bin/ is its own, with leadflow installed: what
# script/sandbox makes.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use Cwd;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Workspace;

my $bindir = qx{$ENV{PG_CONFIG} --bindir};
chomp $bindir;

sub carried_over
{
	my ($name, $earlier) = @_;

	my $old = PostgreSQL::Test::Cluster->new("${name}_old",
		$earlier ? (install_path => $earlier) : ());
	# Some majors have checksums unless told otherwise, and others have not.
	$old->init(extra => ['--data-checksums']);
	$old->start;
	create_filled($old, 'postgres');
	my $catalog = catalog($old, 'postgres', 'crm');
	my $contents = contents($old, 'postgres', 'crm');
	$old->stop;

	my $new = PostgreSQL::Test::Cluster->new("${name}_new");
	$new->init(extra => ['--data-checksums']);

	# pg_upgrade writes into the current directory.
	my $checkout = getcwd();
	chdir PostgreSQL::Test::Utils::tempdir();
	$new->command_ok(
		[
			'pg_upgrade',
			'-d', $old->data_dir, '-D', $new->data_dir,
			'-b', $earlier ? "$earlier/bin" : $bindir, '-B', $bindir,
			'-s', $new->host, '-p', $old->port, '-P', $new->port
		],
		"$name: pg_upgrade runs");
	chdir $checkout;
	$new->start;

	# Majors do not write a definition in the same way, and PostgreSQL 14 makes
	# reports that read with the rights of their owner.
	if ($earlier)
	{
		$new->safe_psql('postgres', "SELECT leadflow.upgrade_workspace('crm')");
		$new->safe_psql('postgres', 'CREATE DATABASE fresh');
		create_filled($new, 'fresh');
		$catalog = catalog($new, 'fresh', 'crm');
	}
	same_lines(catalog($new, 'postgres', 'crm'),
		$catalog, "$name: the catalogs are the same");
	same_lines(contents($new, 'postgres', 'crm'),
		$contents, "$name: tables, views and sequences hold the same");
	is_refused($new, 'postgres',
		"UPDATE crm.lead SET stage = 'sal' WHERE id = 15",
		'23514', 'why_now', "$name: a write is judged");
	is( $new->safe_psql(
			'postgres', q{
			UPDATE crm.lead SET stage = 'contacted' WHERE id = 15;
			SELECT from_stage, to_stage, implied FROM crm.stage_event ORDER BY id DESC LIMIT 1}),
		'mql|contacted|f',
		"$name: and recorded");
	$new->safe_psql('postgres', "SELECT leadflow.create_workspace('later')");
	is(invariants($new, 'postgres', 'crm'), '', "$name: the history is whole");
	$new->stop;
	return;
}

carried_over('same');
SKIP:
{
	skip 'LEADFLOW_OLD_POSTGRES names no earlier major', 6
	  unless $ENV{LEADFLOW_OLD_POSTGRES};
	carried_over('earlier', $ENV{LEADFLOW_OLD_POSTGRES});
}
done_testing();
