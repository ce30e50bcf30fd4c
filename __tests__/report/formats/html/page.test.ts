import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import type { RunEvent } from '../../../../src/core/events.js';
import { findBrowsers } from '../../../../src/detect/browsers/find.js';
import { liveHost } from '../../../../src/host/live.js';
import { readRecord } from '../../../../src/record/read.js';
import { fileOptions, reportedRun, withPast } from '../../../../src/report/formats/format.js';
import { htmlFormat } from '../../../../src/report/formats/html/html.js';
import { runHistoryOf } from '../../../../src/report/history/run-history.js';
import { temporaryDirectory } from '../../../detect/temporary-host.js';
import { pastRun, pastSuite } from '../../history/past-runs.js';
import { largeRun } from '../../large-run.js';
import { Browser, type Look, Page } from './browser.js';

const shell = findBrowsers(liveHost()).find(({ name }) => name === 'headless-shell');
const install = 'apt-get install -y chromium-headless-shell';

// Only Linux has a package of it.
if (shell === undefined && process.env.CI && process.platform === 'linux') {
  test('the headless shell of Chromium is installed', () => {
    throw new Error(`these tests need a real browser: ${install}`);
  });
}

const withShell = shell === undefined ? describe.skip : describe;

const htmlOf = (events: readonly RunEvent[]) => htmlFormat.render(reportedRun(events), fileOptions());
const recorded = (name: string) => readRecord(`fixtures/records/${name}.jsonl`).events;

/** For whoever wants to see what the tests saw. */
const pictures = 'node_modules/.cache/jest-runner-hardware/report-pictures';

/** Names and texts that would like to be more than text. */
const hostile = [
  '</script><script>window.broken = 1</script>',
  '<img src=x onerror="window.broken = 1">',
  '<!--<script>',
  ']]>&lt;"\'><svg onload=window.broken=1>',
  '\u202Etxt.tset\u202C مجلد/اختبار.test.ts',
  '🧪/👩‍🔬.test.ts',
  '\u001b[31m::error::red\u0007\n::endgroup::',
  '__proto__',
  `line/${'x'.repeat(1_000_000)}.test.ts`,
];

function hostileRun(): readonly RunEvent[] {
  const [first, ...rest] = recorded('gpu-box');
  return [
    ...(first === undefined ? [] : [first]),
    ...hostile.map((suiteId): RunEvent => ({ type: 'suite-invalid', atMs: 11, suiteId, problems: hostile })),
    ...rest.map((event): RunEvent => {
      if (event.type !== 'suite-ended' || event.suiteId !== 'test/cart.test.js') return event;
      const failures = hostile.map((text) => ({ test: text, message: text, at: text }));
      return { ...event, status: 'failed', failures, moreFailures: 2 };
    }),
  ];
}

withShell(`the page in a real browser (needs: ${install})`, () => {
  let browser: Browser;
  beforeAll(() => {
    browser = new Browser(shell?.path ?? '');
  });
  afterAll(() => browser.close());

  async function opened(events: readonly RunEvent[], look: Look = { width: 1280 }): Promise<Page> {
    const path = join(temporaryDirectory(), 'report.html');
    writeFileSync(path, htmlOf(events));
    return Page.open(browser, pathToFileURL(path).href, look);
  }

  const textOf = (page: Page, selector: string) =>
    page.evaluate<string | undefined>(`document.querySelector(${JSON.stringify(selector)})?.innerText`);
  const rows = (page: Page) =>
    page.evaluate<string[]>(
      `Array.from(document.querySelectorAll('#suites tbody th'), ({ innerText }) => innerText)`,
    );
  const focus = (page: Page, selector: string) =>
    page.evaluate(`document.querySelector(${JSON.stringify(selector)}).focus()`);
  const scrollsSideways = 'document.scrollingElement.scrollWidth > innerWidth';

  test.each(
    [360, 1280, 2560].flatMap((width) => [
      { width, scheme: 'light' } as const,
      { width, scheme: 'dark' } as const,
    ]),
  )('no fault, no sideways scrolling, no barrier: $width px, $scheme', async (look) => {
    const page = await opened(recorded('mixed'), look);
    expect(await page.evaluate(scrollsSideways)).toBe(false);
    // A row's details are part of the page.
    await page.evaluate(`document.querySelector('#suites tbody th button').click()`);
    await page.evaluate(axe.source);
    const violations =
      await page.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
        violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ html }) => html) })))`);
    expect(violations).toEqual([]);
    expect(await page.evaluate(scrollsSideways)).toBe(false);
    expect(page.faults).toEqual([]);
    mkdirSync(pictures, { recursive: true });
    writeFileSync(`${pictures}/${look.width}-${look.scheme}.png`, await page.screenshot());
  });

  test.each([360, 1280])('the last runs: a bar for each, and what they tell; %d px', async (width) => {
    const runs = [3, 2, 1].map((day) =>
      pastRun(day, pastSuites(day), { sources: 'abc', totalMs: 1000 * day }),
    );
    const history = runHistoryOf(runs);
    const path = join(temporaryDirectory(), 'report.html');
    const run = withPast(reportedRun(recorded('gpu-box')), () => history);
    writeFileSync(path, htmlFormat.render(run, fileOptions()));
    const page = await Page.open(browser, pathToFileURL(path).href, { width });
    await page.evaluate(`document.querySelector('#past summary').click()`);
    const bars = `Array.from(document.querySelectorAll('#past rect'), (bar) => bar.getAttribute('class') + ' ' + bar.getBBox().height)`;
    expect(await page.evaluate(bars)).toEqual(['passed 32', 'failed 64', 'passed 96']);
    const text = await textOf(page, '#past');
    expect(text).toContain('3 whole runs, 1 flaky suite');
    expect(text).toMatch(/^2026-01-03T08:00:00\.000Z\s+3 s\s+1\s+0\s+0$/m);
    expect(text).toContain(`${hostile[0]}: failed in 1 of 3 runs on cpu AMD EPYC, last 2026-01-02`);
    expect(await page.evaluate(scrollsSideways)).toBe(false);
    await page.evaluate(axe.source);
    const found = `axe.run('#past', { resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id }) => id))`;
    expect(await page.evaluate(found)).toEqual([]);
    expect(await page.evaluate('window.broken')).toBeUndefined();
    expect(page.faults).toEqual([]);

    function pastSuites(day: number) {
      return [pastSuite(hostile[0] ?? '', { outcome: day === 2 ? 'failed' : 'passed' })];
    }
  });

  test('of 10,000 suites the failed one is seen at once, and found in two actions', async () => {
    const page = await opened(largeRun(10_000));
    expect(await page.evaluate('document.documentElement.outerHTML.length')).toBeLessThan(6e6);
    expect(await textOf(page, 'h1')).toBe('Failed: 8 of 10,000 suites');
    expect(await textOf(page, '#main > section h2')).toBe('Failures (8 suites)');
    expect(await textOf(page, '#main > section li h3')).toContain('suite-1249.test.ts');
    expect(await textOf(page, '#suites .pager p')).toBe('1–100 of 10,000 suites');
    await focus(page, '#suites input');
    await page.type('suite-2499');
    expect(await rows(page)).toEqual([expect.stringContaining('suite-2499.test.ts')]);
    await focus(page, '#suites tbody button');
    await page.press('Enter');
    expect(await textOf(page, '#suites .details')).toMatch(
      /Ran on\s+machine-\d\/.*Repeat\s+npx jest packages\/.*suite-2499/s,
    );
    expect(page.faults).toEqual([]);
  });

  test('sorting, filtering and the timeline by keyboard', async () => {
    const page = await opened(recorded('gpu-box'));
    await focus(page, '#suites thead th:nth-child(4) button');
    await page.press('Enter');
    expect((await rows(page))[0]).toBe('test/embeddings.test.js');
    await page.press('Enter');
    expect((await rows(page))[0]).toBe('test/login.test.js');
    expect(await page.evaluate(`document.activeElement.closest('th').ariaSort`)).toBe('ascending');

    await page.evaluate(`document.querySelectorAll('#suites select')[1].focus()`);
    await page.press('ArrowDown');
    await page.press('ArrowDown');
    expect(await rows(page)).toEqual(['test/speech.test.js', 'test/embeddings.test.js']);

    await focus(page, '#timeline canvas');
    await page.press('ArrowRight');
    await page.press('ArrowRight');
    const details = await textOf(page, '#timeline-details');
    expect(details).toMatch(/^test\/render\.test\.js/);
    expect(details).toMatch(/Ended\s+lost: its process was killed by SIGKILL/);
    expect(details).toMatch(/Time\s+838 ms, expected 1\.2 s, measured on this device in 2 runs, ± 30 %/);
    await page.press('ArrowDown');
    expect(await textOf(page, '#timeline-details')).toMatch(/^test\/embeddings\.test\.js/);
    expect(page.faults).toEqual([]);
  });

  test('what the pointer points at is explained: why here, what was rejected', async () => {
    const page = await opened(recorded('gpu-box'));
    const point = (xShare: number, lane: number) =>
      page.evaluate(`{
        const canvas = document.querySelector('#timeline canvas');
        canvas.scrollIntoView({ block: 'center' });
        const { left, top, width } = canvas.getBoundingClientRect();
        const at = { clientX: left + ${xShare} * width, clientY: top + 26 + 22 * ${lane} + 33, bubbles: true };
        canvas.dispatchEvent(new PointerEvent('pointermove', at));
      }`);
    await point(0.3, 1);
    const details = await textOf(page, '#timeline-details');
    expect(details).toMatch(/^test\/embeddings\.test\.js/);
    expect(details).toMatch(/Why here\s+suitable; of the others gpu-box\/gpu1 had a free slot/);
    expect(details).toMatch(/Rejected\s+gpu-box\/cpu: needs gpu: this machine has cpu/);
    expect(details).toMatch(/Memory\s+peak 67\.9 MiB, 72 MiB kept free for it/);
  });

  test('names and texts of others stay text', async () => {
    const page = await opened(hostileRun(), { width: 360 });
    expect(
      await page.evaluate(
        '({ broken: window.broken, scripts: document.scripts.length, strangers: document.querySelectorAll("img, svg").length })',
      ),
    ).toEqual({ scripts: 2, strangers: 0 });
    const shown = await textOf(page, '#failures');
    expect(shown).toContain('</script><script>window.broken = 1</script>');
    expect(shown).toContain('txt.tset مجلد/اختبار.test.ts');
    expect(shown).toContain('🧪/👩‍🔬.test.ts');
    expect(shown).toContain('… (shortened)');
    expect(await textOf(page, '#failures .messages pre')).toBe(hostile[0]);
    expect(await textOf(page, '#failures .messages li:last-child')).toBe('2 more failures');
    expect(await page.evaluate(scrollsSideways)).toBe(false);
    expect(page.faults).toEqual([]);
  });
});

test('the page loads nothing, and only its own code may run', () => {
  const html = htmlOf(hostileRun());
  expect(html).toContain(`content="default-src 'none'; script-src 'sha256-`);
  expect(html).not.toMatch(/\b(src|href)="(?!#)|@import|url\(/);
  expect(html.length).toBeLessThan(500_000);
});
