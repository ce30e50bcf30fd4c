import type { BrowserEngine } from './find.js';

/** What a test needs beside the executable to get the same adapter, in the words of Playwright's launch options. */
export interface LaunchOptions {
  readonly executablePath: string;
  readonly args: readonly string[];
  /** Firefox only. */
  readonly firefoxUserPrefs?: Readonly<Record<string, boolean | number | string>>;
}

export function launchOptionsOf(engine: BrowserEngine, executablePath: string): LaunchOptions {
  if (engine === 'firefox') return { executablePath, args: ['--headless'], firefoxUserPrefs };
  return {
    executablePath,
    args: [
      // A headless shell is never anything else.
      ...(engine === 'headless-shell' ? [] : ['--headless=new']),
      '--enable-unsafe-webgpu',
      '--enable-features=WebMachineLearningNeuralNetwork',
      // Chromium's sandbox refuses to start for root.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ],
  };
}

/** The command line that opens one page in a browser with a profile of its own. */
export function commandLine(
  engine: BrowserEngine,
  { args }: LaunchOptions,
  profile: string,
  url: string,
): readonly string[] {
  if (engine === 'firefox') return [...args, '--no-remote', '--profile', profile, url];
  const quiet = [
    '--no-first-run',
    '--no-default-browser-check',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-extensions',
  ];
  return [...args, ...quiet, `--user-data-dir=${profile}`, url];
}

/** Content of the profile's `user.js`; undefined: the browser has no such file. */
export function preferencesFile({ firefoxUserPrefs: prefs }: LaunchOptions): string | undefined {
  if (prefs === undefined) return undefined;
  const all = { ...prefs, ...quietPrefs };
  return Object.entries(all)
    .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)
    .join('');
}

const firefoxUserPrefs = { 'dom.webgpu.enabled': true, 'gfx.webgpu.ignore-blocklist': true };

/** No first-run pages, no reports, no updates, no look at the network. */
const quietPrefs = {
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'datareporting.policy.dataSubmissionEnabled': false,
  'app.update.enabled': false,
  'app.normandy.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'browser.safebrowsing.update.enabled': false,
  'toolkit.telemetry.reportingpolicy.firstRun': false,
};
