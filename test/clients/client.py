"""client.py CLIENT CASES: runs the cases with a Python client, and prints what
it finds as cases.sql describes it.

CLIENT is psycopg2, psycopg3, psycopg3-binary, psycopg3-copy, sqlalchemy or
odbc.  PGHOST, PGPORT, PGDATABASE and PGUSER say where; LEADFLOW_CLOCK is the
instant that the connection asks the reports at.
"""
import datetime
import decimal
import json
import math
import os
import sys
import warnings

client, cases = sys.argv[1:]
clock = os.environ['LEADFLOW_CLOCK']
options = f'-c leadflow.clock={clock}'
FAMILIES = {20: 'int', 23: 'int', 25: 'text', 1700: 'num', 1184: 'time', 1082: 'date', 16: 'bool', 3802: 'json'}
UTC = datetime.timezone.utc


def escaped(text):
    for mark, word in (('\\', '\\\\'), ('\t', '\\t'), ('\n', '\\n'), ('\r', '\\r')):
        text = text.replace(mark, word)
    return text


def is_json(value):
    try:
        return isinstance(value, str) and value[:1] in '{[' and json.loads(value) is not None
    except ValueError:
        return False


def cell(value):
    if value is None:
        return '\\N'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, decimal.Decimal):
        return format(value, 'f')
    if isinstance(value, datetime.datetime):
        since = (value if value.tzinfo else value.replace(tzinfo=UTC)) - datetime.datetime(1970, 1, 1, tzinfo=UTC)
        return str(math.floor(since / datetime.timedelta(microseconds=1)) // 1000)
    if isinstance(value, (dict, list)) or client == 'odbc' and is_json(value):
        return 'json'
    return escaped(str(value))


def parameter(kind, text):
    if kind == 'list':
        return text.split('\x1e')
    if kind == 'time':
        return datetime.datetime.strptime(text, '%Y-%m-%d %H:%M+00').replace(tzinfo=UTC)
    if kind == 'date':
        return datetime.date.fromisoformat(text)
    if kind == 'num':
        return decimal.Decimal(text)
    if kind == 'bool':
        return text == 'true'
    return text


class Psycopg2:
    mark = '%s'

    def __init__(self):
        import psycopg2
        self.error = psycopg2.Error
        self.connection = psycopg2.connect(options=options)
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()

    def path(self, path):
        self.cursor.execute(f'SET search_path = {path}' if path else 'RESET search_path')

    def ask(self, sql, params):
        self.cursor.execute(sql, params or None)
        return [(c[0], FAMILIES.get(c[1], f'type {c[1]}')) for c in self.cursor.description], self.cursor.fetchall()

    def state(self, error):
        return error.pgcode


class Psycopg3(Psycopg2):
    def __init__(self, binary=False):
        import psycopg
        self.error = psycopg.Error
        self.connection = psycopg.connect(options=options, autocommit=True)
        self.cursor = self.connection.cursor(binary=binary)

    def state(self, error):
        return error.sqlstate


class Psycopg3Copy(Psycopg3):
    def ask(self, sql, params):
        self.cursor.execute(f'{sql} LIMIT 0')
        columns = [(c.name, FAMILIES.get(c.type_code, f'type {c.type_code}')) for c in self.cursor.description]
        types = [c.type_code for c in self.cursor.description]
        empty = self.cursor.execute(f'SELECT NOT EXISTS ({sql})').fetchone()[0]
        with self.cursor.copy(f'COPY ({sql}) TO STDOUT (FORMAT BINARY)') as copy:
            if empty:           # rows() of psycopg 3.1 stumbles over a copy without rows
                return columns, [] if len(b''.join(copy)) == 21 else [['not empty']]
            copy.set_types(types)
            return columns, list(copy.rows())


class SqlAlchemy:
    def __init__(self):
        import sqlalchemy
        warnings.simplefilter('error', sqlalchemy.exc.SAWarning)
        self.sa = sqlalchemy
        self.error = sqlalchemy.exc.DBAPIError
        self.engine = sqlalchemy.create_engine(f'postgresql+psycopg2://?options=-c%20leadflow.clock%3D{clock}', isolation_level='AUTOCOMMIT')
        self.connection = self.engine.connect()

    def path(self, path):
        self.connection.exec_driver_sql(f'SET search_path = {path}' if path else 'RESET search_path')

    def ask(self, sql, params):
        parts = sql.split('?')
        sql = parts[0] + ''.join(f':p{i}{part}' for i, part in enumerate(parts[1:]))
        found = self.connection.execute(self.sa.text(sql.replace('::', '\\:\\:')), {f'p{i}': p for i, p in enumerate(params)})
        return None, [tuple(row) for row in found]

    def state(self, error):
        return error.orig.pgcode

    def reports(self):
        families = {'TEXT': 'text', 'BIGINT': 'int', 'NUMERIC': 'num', 'TIMESTAMP': 'time', 'DATE': 'date', 'BOOLEAN': 'bool', 'JSONB': 'json'}
        inspector = self.sa.inspect(self.engine)
        for view in inspector.get_view_names(schema='crm'):
            if not self.connection.execute(self.sa.select(self.sa.func.has_table_privilege(f'crm.{view}', 'SELECT'))).scalar():
                continue
            table = self.sa.Table(view, self.sa.MetaData(), schema='crm', autoload_with=self.engine)
            yield (view, [(c.name, families.get(type(c.type).__name__, repr(c.type))) for c in table.columns],
                   table.comment, [(c.name, c.comment) for c in table.columns])
            # a filter and an aggregate as a tool builds them from what was reflected
            texts = [c for c in table.columns if isinstance(c.type, self.sa.Text)]
            numbers = [c for c in table.columns if isinstance(c.type, self.sa.Numeric)]
            query = self.sa.select(self.sa.func.count(), *[self.sa.func.sum(c).label(None) for c in numbers])
            for column in texts:
                query = query.where(self.sa.or_(column.is_(None), column.ilike('%'), column == 'x', column.in_(['x', 'y']), column != ''))
            self.connection.execute(query).all()


class Odbc:
    mark = '?'

    def __init__(self):
        import pyodbc
        self.error = pyodbc.Error
        self.codes = {pyodbc.SQL_BIGINT: 'int', pyodbc.SQL_INTEGER: 'int', pyodbc.SQL_NUMERIC: 'num', pyodbc.SQL_DECIMAL: 'num', pyodbc.SQL_TYPE_DATE: 'date',
                      pyodbc.SQL_TYPE_TIMESTAMP: 'time', pyodbc.SQL_BIT: 'bool', pyodbc.SQL_WLONGVARCHAR: 'text'}
        self.unknown = pyodbc.SQL_WVARCHAR
        self.connection = pyodbc.connect('DRIVER={PostgreSQL Unicode};BoolsAsChar=0;Servername=%s;Port=%s;Database=%s;UID=%s;ConnSettings={SET leadflow.clock = \'%s\'}'
                                         % (*(os.environ[name] for name in ('PGHOST', 'PGPORT', 'PGDATABASE', 'PGUSER')), clock), autocommit=True)
        self.cursor = self.connection.cursor()

    def path(self, path):
        self.cursor.execute(f'SET search_path = {path}' if path else 'RESET search_path')

    def ask(self, sql, params):
        self.cursor.execute(sql, *params)
        return None, [tuple(row) for row in self.cursor.fetchall()]

    def state(self, error):
        return error.args[0]

    def reports(self):
        for view in [row.table_name for row in self.cursor.tables(schema='crm', tableType='VIEW')]:
            if not self.cursor.execute('SELECT has_table_privilege(?, ?)', f'crm.{view}', 'SELECT').fetchone()[0]:
                continue
            # jsonb is what the driver does not know: 255 characters are promised
            columns = [(row.column_name, 'json' if (row.type_name, row.data_type, row.column_size) == ('jsonb', self.unknown, 255)
                        else self.codes.get(row.data_type, f'{row.type_name} {row.data_type} {row.column_size}'))
                       for row in self.cursor.columns(schema='crm', table=view)]
            yield view, columns, None, None


made = {'psycopg2': Psycopg2, 'psycopg3': Psycopg3, 'psycopg3-binary': lambda: Psycopg3(True), 'psycopg3-copy': Psycopg3Copy, 'sqlalchemy': SqlAlchemy, 'odbc': Odbc}[client]()


def say(name, line):
    print(name, line, sep='\t')


sys.stdout.reconfigure(encoding='utf-8')
with open(cases, encoding='utf-8') as lines:
    for line in lines:
        kind, name, path, sql, types, params = (part.replace('\\\\', '\\') for part in line.rstrip('\n').split('\t'))
        values = [parameter(t, p) for t, p in zip(types.split(','), params.split('\x1f'))] if types else []
        if hasattr(made, 'mark'):
            sql = sql.replace('?', made.mark)
        try:
            if path:
                made.path(path)
            columns, rows = made.ask(sql, values)
            for row in rows:
                say(name, '=' + '|'.join(map(cell, row)))
            say(name, '.')
            if kind == 'read' and columns:
                for column in columns:
                    say(name.replace('read', 'describe', 1), '=%s %s' % column)
                say(name.replace('read', 'describe', 1), '.')
        except made.error as error:
            say(name, f'!{made.state(error)}')
            print(client, name, error, file=sys.stderr)
        if path:
            made.path('')

if hasattr(made, 'reports'):
    for view, columns, comment, comments in made.reports():
        for column in columns:
            say(f'describe {view}', '=%s %s' % column)
        say(f'describe {view}', '.')
        if comments:
            say(f'comment {view}', f'={escaped(comment or "")}')
            for name, text in comments:
                say(f'comment {view}', f'={name} {escaped(text or "")}')
            say(f'comment {view}', '.')
