/*
 * node.mjs CASES: runs the cases with node-postgres, and prints what it finds
 * as cases.sql describes it. LEADFLOW_CLOCK is the instant to ask at.
 */
import { readFileSync } from 'node:fs';
import pg from 'pg';

const families = { 20: 'int', 23: 'int', 25: 'text', 1700: 'num', 1184: 'time', 1082: 'date', 16: 'bool', 3802: 'json' };
const client = new pg.Client({ options: `-c leadflow.clock=${process.env.LEADFLOW_CLOCK}` });
const lines = [];
const say = (name, line) => lines.push(`${name}\t${line}\n`);

function cell(value, family) {
	if (value === null)
		return '\\N';
	if (family === 'json')
		return typeof value === 'object' ? 'json' : `no json: ${value}`;
	if (value instanceof Date)
		return family === 'date' ? new Date(value.getTime() - value.getTimezoneOffset() * 60000).toISOString().slice(0, 10) : String(value.getTime());
	return String(value).replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
}

function parameter(kind, text) {
	switch (kind) {
	case 'list': return text.split('\x1e');
	case 'time': return new Date(text.replace(' ', 'T').replace('+00', 'Z'));
	case 'bool': return text === 'true';
	default: return text;
	}
}

await client.connect();
for (const line of readFileSync(process.argv[2], 'utf8').trimEnd().split('\n')) {
	const [kind, name, path, sql, types, params] = line.split('\t').map((part) => part.replaceAll('\\\\', '\\'));
	const values = types ? params.split('\x1f').map((text, i) => parameter(types.split(',')[i], text)) : [];
	let n = 0;
	if (path)
		await client.query(`SET search_path = ${path}`);
	try {
		const { fields, rows } = await client.query({ text: sql.replaceAll('?', () => `$${++n}`), values, rowMode: 'array' });
		const types = fields.map((field) => families[field.dataTypeID] ?? `type ${field.dataTypeID}`);
		for (const row of rows)
			say(name, `=${row.map((value, i) => cell(value, types[i])).join('|')}`);
		say(name, '.');
		if (kind === 'read') {
			fields.forEach((field, i) => say(name.replace('read', 'describe'), `=${field.name} ${types[i]}`));
			say(name.replace('read', 'describe'), '.');
		}
	} catch (error) {
		say(name, `!${error.code}`);
		console.error(name, error.message);
	}
	if (path)
		await client.query('RESET search_path');
}
await client.end();
process.stdout.write(lines.join(''));
