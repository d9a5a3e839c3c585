/*
 * literals.h
 *	  Arguments of functions: values of types that are no target, or not this one.
 */
static const char *const literals[][2] = {
	{"text", ""}, {"text", "mql"}, {"text", "won"}, {"text", "proposal.legal"}, {"text", "organic"},
	{"text", "last"}, {"text", "linear"}, {"text", "a"}, {"text", "w_shaped"}, {"text", "0.5"},
	{"text[]", "{}"}, {"text[]", "{lead,mql,won}"}, {"text[]", "{a,NULL}"}, {"text[]", "{{a},{b}}"},
	{"double precision", "0"}, {"double precision", "1"}, {"double precision", "NaN"},
	{"double precision", "-Infinity"}, {"double precision", "0.5"}, {"double precision", "1e308"},
	{"double precision[]", "{}"}, {"double precision[]", "{0.5,0.9}"}, {"double precision[]", "{1,NULL}"},
	{"double precision[]", "{NaN}"}, {"double precision[]", "{{1},{2}}"}, {"double precision[]", "[5:6]={1,2}"},
	{"integer", "0"}, {"integer", "1"}, {"integer", "-1"}, {"integer", "2147483647"}, {"integer", "-2147483648"},
	{"bigint", "0"}, {"bigint", "2"}, {"bigint", "9223372036854775807"}, {"bigint", "-9223372036854775808"},
	{"boolean", "true"}, {"boolean", "false"},
	{"numeric", "0.5"}, {"numeric", "NaN"}, {"numeric", "1e1000"},
	{"interval", "0"}, {"interval", "8 hours"}, {"interval", "-8 hours"}, {"interval", "1 mon -1 day"},
	{"interval", "178000000 years"}, {"interval[]", "{1 hour,1 day}"}, {"interval[]", "{NULL}"}, {"interval[]", "{}"},
	{"timestamp with time zone", "2026-03-29 01:30:00+00"}, {"timestamp with time zone", "infinity"},
	{"timestamp with time zone", "-infinity"}, {"timestamp with time zone", "4714-11-24 00:00:00+00 BC"},
	{"timestamp with time zone", "294276-12-31 23:59:59+00"},
	{"timestamp with time zone[]", "{2026-01-05 09:00:00+00,NULL}"},
	{"timestamp with time zone[]", "{2026-01-05 09:00:00+00,2026-01-06 09:00:00+00}"},
	{"date", "2026-12-25"}, {"date", "infinity"}, {"date", "4714-11-24 BC"}, {"date", "5874897-12-31"},
	{"date[]", "{2026-12-25,2026-12-26}"}, {"date[]", "{NULL}"}, {"date[]", "{infinity}"},
	{"date[]", "{5874897-12-31}"}, {"date[]", "{}"},
	{"tstzmultirange", "{}"}, {"tstzmultirange", "{[2026-01-05 09:00:00+00,2026-01-05 12:00:00+00)}"},
	{"tstzmultirange", "{(,2026-01-05 12:00:00+00],[2027-01-01 00:00:00+00,)}"}, {"tstzmultirange", "{(,)}"},
	{"jsonb", "{}"}, {"jsonb", "{\"a\": \"b\", \"c\": [\"d\", null]}"}, {"jsonb", "[1]"}, {"jsonb", "null"},
	{"leadflow.stage", "mql"}, {"leadflow.stage", "proposal.legal"}, {"leadflow.stage", "lost"},
	{"leadflow.calendar", "Europe/Warsaw; Mo-Fr 09:00-17:00; Dec 25-26 off"}, {"leadflow.calendar", "UTC; 24/7"},
	{"leadflow.calendar", "UTC; off"}
};
