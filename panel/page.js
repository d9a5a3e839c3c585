/*
 * page.js: draws the panel in the page.  Every chart of the specification
 * becomes a card as wide as its column, so that the page fits any screen;
 * text is only ever set as text.
 */
(async function () {
	'use strict';
	const spec = JSON.parse(document.getElementById('panel').textContent);
	const meta = spec.usermeta;
	const dark = window.matchMedia('(prefers-color-scheme: dark)');
	const numbers = vega.formatLocale(spec.config.locale.number);
	const drawn = [];

	function element(parent, tag, className, text) {
		const made = parent.appendChild(document.createElement(tag));
		if (className)
			made.className = className;
		if (text !== undefined)
			made.textContent = text;
		return made;
	}

	function headline(main) {
		const list = element(main, 'dl', 'headline');
		for (const one of meta.headline) {
			const tile = element(list, 'div', 'tile');
			element(tile, 'dt', '', one.label);
			element(tile, 'dd', '', one.value === null ? '\u2013' : numbers.format(one.format)(one.value) + (one.unit || ''));
		}
	}

	// Charts beside each other become columns, charts below each other stay so.
	function lay(parent, part) {
		const inner = part.vconcat || part.hconcat;
		if (inner) {
			const box = element(parent, 'div', part.hconcat ? 'row' : 'column');
			inner.forEach((one) => lay(box, one));
			return;
		}
		const card = element(parent, 'section', 'card');
		card.id = part.name;
		element(card, 'h2', '', part.title.text);
		element(card, 'p', '', part.title.subtitle);
		const chart = element(card, 'div', 'chart');
		chart.setAttribute('role', 'img');
		chart.setAttribute('aria-label', part.description);
		drawn.push({ part, chart });
	}

	function colours() {
		const ink = dark.matches ? '#d8dee6' : '#2b333d';
		const faint = dark.matches ? '#303a46' : '#e4e8ed';
		return {
			background: 'transparent',
			font: getComputedStyle(document.body).fontFamily,
			axis: { labelColor: ink, titleColor: ink, gridColor: faint },
			legend: { labelColor: ink, titleColor: ink },
			text: { color: ink },
		};
	}

	// On a narrow card long labels take two lines, legends fewer columns, and
	// the numbers at the end of the bars a greater part of the width.
	function narrow(value) {
		if (Array.isArray(value))
			return value.map(narrow);
		if (value === null || typeof value !== 'object')
			return value;
		const copy = {};
		for (const key of Object.keys(value))
			copy[key] = key === 'domainMax' ? value[key] * 1.6 : narrow(value[key]);
		if (copy.labelLimit) {
			copy.labelLimit = 150;
			copy.labelFontSize = 10;
			copy.labelLineHeight = 10;
			copy.labelOffset = { condition: { test: "length(datum.value) > 20 && test(regexp('^.{6,}? '), datum.value)", value: -5 }, value: 0 };
			copy.labelExpr = "length(datum.label) > 20 ? split(replace(datum.label, regexp('^(.{6,}?) '), '$1\\n'), '\\n') : datum.label";
		}
		if (copy.legend)
			copy.legend = { ...copy.legend, columns: copy.scale.domain.length < 3 || copy.scale.domain.some((one) => one.length > 12) ? 1 : 2 };
		return copy;
	}

	async function draw(one) {
		const { title, name, ...rest } = one.part;
		const named = new Set(JSON.stringify(rest).match(/(?<="data":\s*\{"name":\s*")\w+/g));
		const datasets = Object.fromEntries(Object.entries(spec.datasets).filter(([key]) => named.has(key)));
		const width = one.chart.clientWidth;
		if (one.result)
			one.result.finalize();
		one.result = await vegaEmbed(one.chart, {
			$schema: spec.$schema,
			...(width < 480 ? narrow(rest) : rest),
			datasets,
			config: spec.config,
			width,
			autosize: { type: 'fit-x', contains: 'padding' },
			padding: { left: 2, top: 5, right: 14, bottom: 5 },
		}, {
			actions: false,
			ast: true,
			config: colours(),
			// it warns of every height that follows from the number of rows
			logLevel: vega.Error,
			mode: 'vega-lite',
			renderer: 'svg',
			tooltip: { theme: dark.matches ? 'dark' : 'light' },
		});
		one.width = width;
		views[name] = one.result.view;
	}

	const asOf = document.getElementById('as-of');
	asOf.textContent = new Intl.DateTimeFormat(meta.language, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' })
		.format(new Date(`${asOf.dateTime}Z`));

	const views = {};
	const main = document.getElementById('charts');
	if (meta.empty)
		element(main, 'p', 'nothing', meta.nothing);
	else
		headline(main);
	spec.vconcat.forEach((part) => lay(main, part));

	// one after the other, also when the screen is turned while they are drawn
	let last = Promise.resolve();
	function drawAll(which) {
		last = last.then(async () => {
			for (const one of drawn.filter(which))
				await draw(one);
		});
		return last;
	}
	dark.addEventListener('change', () => drawAll(() => true));
	window.addEventListener('resize', () => drawAll((one) => Math.abs(one.width - one.chart.clientWidth) > 1));
	await drawAll(() => true);
	window.panel = { views, spec };
	document.documentElement.dataset.drawn = 'yes';
}());
