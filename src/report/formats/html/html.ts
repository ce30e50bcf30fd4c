import { createHash } from 'node:crypto';
import type { ReportedRun, ReportFormat } from '../format.js';
import { clientScript, clientStyle } from './client-bundle.js';
import { pageDataOf } from './page-data-of.js';
import { verdictOf } from './verdict.js';

/**
 * One HTML file that needs nothing else: verdict, failures, timeline, suites, devices. It opens from disk and loads nothing
 * (its content security policy forbids that). The data lies in it once, as JSON, and the code of `client/` shows it.
 */
export const htmlFormat: ReportFormat = { fileName: 'report.html', render };

function render(run: ReportedRun): string {
  return page(run);
}

/**
 * The page of a simulated run, which says so.
 * @param title What was simulated.
 */
export function simulatedPage(run: ReportedRun, title: string): string {
  return page(run, title);
}

function page(run: ReportedRun, simulated?: string): string {
  const verdict = verdictOf(run.summary);
  const { rank } = verdict;
  const text = simulated ?? verdict.text;
  const facts = simulated === undefined ? verdict.facts : ['no suite ran', ...verdict.facts];
  const policy = `default-src 'none'; script-src ${hashOf(clientScript)}; style-src ${hashOf(clientStyle)}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(text)} – hardware report</title>
<style>${clientStyle}</style>
</head>
<body>
<a class="skip" href="#suites">Skip to the suites</a>
<header>
<h1 class="${rank}">${escaped(text)}</h1>
<ul class="facts">${facts.map((fact) => `<li>${escaped(fact)}</li>`).join('')}</ul>
</header>
<main id="main"><noscript><p>The rest of this report needs JavaScript. Nothing is loaded from a network.</p></noscript></main>
<script type="application/json" id="data">${embeddedJson(pageDataOf(run, simulated !== undefined))}</script>
<script>${clientScript}</script>
</body>
</html>`;
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** Without `<`, no text of it can end the script element or begin a comment. */
function embeddedJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => references[character] ?? '');
}
