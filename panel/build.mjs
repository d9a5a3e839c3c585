/*
 * build.mjs: makes one HTML file of the JSON that leadflow.panel gives.
 *
 *   node build.mjs [PANEL.json [PAGE.html]]     standard input and output where left out
 *
 * The file needs no network: libraries, data and styles are in it, and its
 * Content-Security-Policy allows no other script and no connection.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const here = new URL('.', import.meta.url);
const read = (name) => readFileSync(new URL(name, here), 'utf8');

// What users typed may say anything: nothing of it may end the element it is in.
const asText = (text) => String(text ?? '').replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const asJson = (value) => JSON.stringify(value).replace(/[<>&\u2028\u2029]/g,
	(c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
const asScript = (text) => text.replace(/<\/(script)/gi, '<\\/$1').replace(/<!--/g, '<\\!--');

function page(spec) {
	if (!spec || typeof spec !== 'object' || !spec.usermeta || !Array.isArray(spec.vconcat))
		throw new Error('this is not what leadflow.panel gives');
	const { language, workspace, as_of: asOf, as_of_label: asOfLabel } = spec.usermeta;
	const scripts = ['vega/build/vega.min.js', 'vega-lite/build/vega-lite.min.js', 'vega-embed/build/vega-embed.min.js']
		.map((file) => asScript(read(`node_modules/${file}`).replace(/^\/\/# sourceMappingURL=.*$/gm, '')))
		.concat(read('page.js'));
	const hashes = scripts.map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`);
	const policy = `default-src 'none'; script-src ${hashes.join(' ')}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'`;
	return `<!DOCTYPE html>
<html lang="${asText(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${asText(spec.title.text)}, ${asText(workspace)}, ${asText(asOf)}</title>
<style>
${read('page.css')}</style>
</head>
<body>
<header>
<h1>${asText(spec.title.text)}</h1>
<p>${asText(workspace)} \u00b7 ${asText(asOfLabel)} <time datetime="${asText(asOf.replace(' ', 'T'))}" id="as-of">${asText(asOf)}</time></p>
</header>
<main id="charts"></main>
<script type="application/json" id="panel">${asJson(spec)}</script>
${scripts.map((text) => `<script>${text}</script>`).join('\n')}
</body>
</html>
`;
}

try {
	const html = page(JSON.parse(readFileSync(process.argv[2] ?? 0, 'utf8')));
	writeFileSync(process.argv[3] ?? 1, html);
} catch (error) {
	console.error(`panel/build.mjs: ${error.message}`);
	process.exitCode = 1;
}
