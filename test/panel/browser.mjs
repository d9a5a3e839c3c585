/*
 * browser.mjs DIR CHROMIUM: opens the pages DIR/{en,pl,ru,zh,empty}.html in a
 * headless Chromium, and says in TAP whether what they draw is what
 * DIR/expected.json says.
 */
import { readFileSync } from 'node:fs';
import puppeteer from '../../panel/node_modules/puppeteer-core/lib/esm/puppeteer/puppeteer-core.js';

const [dir, executablePath] = process.argv.slice(2);
const expected = JSON.parse(readFileSync(`${dir}/expected.json`));
const charts = Object.keys(expected);
const titles = { en: 'Funnel', pl: 'Lejek', ru: 'Воронка', zh: '漏斗' };
let count = 0;
function ok(passed, label, found) {
	count += 1;
	console.log(`${passed ? 'ok' : 'not ok'} ${count} - ${label}`);
	if (!passed && found !== undefined)
		console.log(`# ${JSON.stringify(found)}`);
}
const same = (a, b) => a.length === b.length && a.every((one, i) => Math.abs(one - b[i]) <= 1e-6 * Math.max(1, Math.abs(b[i])));
const sorted = (numbers) => numbers.map(Number).sort((a, b) => a - b);

// In the page: the numbers that the marks of a chart stand for, measured along its scale.
function measured(name) {
	const view = window.panel.views[name];
	const found = [];
	(function walk(item) {
		for (const inner of item.items || []) {
			if (item.marktype === 'rect' && item.role === 'mark')
				found.push(name === 'sla_weeks' ? view.scale('y').invert(inner.y) - view.scale('y').invert(inner.y + inner.height)
					: view.scale('x').invert(inner.x + inner.width) - view.scale('x').invert(inner.x));
			else if (item.marktype === 'symbol' && item.role === 'mark')
				found.push(view.scale('y').invert(inner.y));
			walk(inner);
		}
	}(view.scenegraph().root));
	const marks = document.querySelectorAll(`#${name} svg g.role-mark:is(.mark-rect, .mark-symbol) > path`).length;
	return { found, marks };
}

const browser = await puppeteer.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
async function open(name, width, dark) {
	const page = await browser.newPage();
	const faults = [];
	page.on('console', (message) => faults.push(message.text()));
	page.on('pageerror', (error) => faults.push(error.message));
	page.on('request', (request) => /^(file|data):/.test(request.url()) || faults.push(request.url()));
	await page.setViewport({ width, height: 900 });
	if (dark)
		await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
	await page.goto(`file://${dir}/${name}.html`);
	await page.waitForFunction("document.documentElement.dataset.drawn === 'yes'", { timeout: 60000 });
	return { page, faults };
}

try {
	for (const language of Object.keys(titles)) {
		for (const width of [390, 1440]) {
			const { page, faults } = await open(language, width);
			const what = `${language}, ${width} pixels`;
			for (const name of charts) {
				const { found, marks } = await page.evaluate(measured, name);
				ok(marks === expected[name].length && same(sorted(found), sorted(expected[name])), `${what}: ${name} draws what the reports say`,
					{ marks, found: sorted(found), expected: sorted(expected[name]) });
			}
			const seen = await page.evaluate(() => ({
				lang: document.documentElement.lang,
				titled: document.title.length > 10 && document.getElementById('as-of').textContent.length > 10,
				funnel: document.querySelector('#funnel h2').textContent,
				wide: document.documentElement.scrollWidth,
				cut: [...document.querySelectorAll('.chart svg text')].filter((text) => {
					const svg = text.ownerSVGElement.getBoundingClientRect();
					const box = text.getBoundingClientRect();
					return text.textContent && box.width && (box.left < svg.left - 1 || box.right > svg.right + 1 || box.top < svg.top - 1 || box.bottom > svg.bottom + 1);
				}).map((text) => text.textContent),
				hacked: window.hacked,
				images: document.querySelectorAll('img, iframe, object, a').length,
				scripts: document.scripts.length,
			}));
			ok(seen.lang === language && seen.titled && seen.funnel === titles[language], `${what}: it speaks the language`, seen);
			ok(seen.wide <= width && seen.cut.length === 0, `${what}: it fits the screen and cuts no text`, seen);
			ok(seen.hacked === undefined && seen.images === 0 && seen.scripts === 5, `${what}: what users typed is only shown`, seen);
			ok(faults.length === 0, `${what}: no fault and no request`, faults);
			await page.close();
		}
	}

	const { page, faults } = await open('en', 1440);
	const bar = await page.evaluateHandle(() => [...document.querySelectorAll('#campaigns svg g.role-mark path')].find((path) => /onerror/.test(path.getAttribute('aria-label'))));
	await bar.asElement().scrollIntoView();
	await bar.asElement().hover();
	await page.waitForSelector('#vg-tooltip-element.visible');
	ok(await page.evaluate(() => {
		const tip = document.getElementById('vg-tooltip-element');
		return /<\/script><img src=x onerror=/.test(tip.textContent) && !tip.querySelector('img') && window.hacked === undefined;
	}), 'a tooltip shows what users typed as text');
	ok(await page.evaluate(async () => {
		const script = document.createElement('script');
		script.textContent = 'window.hacked = 2';
		document.body.append(script);
		return window.hacked === undefined;
	}), 'no other script runs in the page');
	ok(await page.evaluate(() => fetch('https://example.com/').then(() => false, () => true)), 'the page cannot reach the network');
	const refusals = faults.splice(0);
	ok(refusals.length >= 2 && refusals.every((one) => /Content Security Policy/.test(one)), 'both by its policy', refusals);
	const whole = await page.evaluate(async () => {
		const box = document.body.appendChild(document.createElement('div'));
		await window.vegaEmbed(box, window.panel.spec, { ast: true, actions: false, renderer: 'svg' });
		return box.querySelectorAll('g.role-mark:is(.mark-rect, .mark-symbol) > path').length;
	});
	ok(whole === Object.values(expected).flat().length, 'the whole specification can be drawn at once', whole);
	await page.setViewport({ width: 700, height: 900 });
	await page.waitForFunction("Math.abs(document.querySelector('#funnel svg').clientWidth - document.querySelector('#funnel .chart').clientWidth) < 2");
	ok(true, 'charts follow the size of the window');
	await page.close();

	const night = await open('en', 1440, true);
	const fill = await night.page.evaluate(() => getComputedStyle(document.querySelector('#funnel .role-axis-label text')).fill);
	ok(fill === 'rgb(216, 222, 230)' && night.faults.length === 0, 'it is dark where the reader wants it dark', fill);
	await night.page.close();

	const empty = await open('empty', 390);
	const said = await empty.page.evaluate(() => [document.querySelectorAll('.nothing').length, document.querySelectorAll('.headline').length,
		[...document.querySelectorAll('.chart svg')].filter((svg) => /Jeszcze nic tu nie ma/.test(svg.textContent)).length]);
	ok(JSON.stringify(said) === '[1,0,11]' && empty.faults.length === 0, 'an empty workspace says that there is nothing yet', [said, empty.faults]);
} catch (error) {
	ok(false, `the browser: ${error.message}`);
} finally {
	await browser.close();
}
console.log(`1..${count}`);
