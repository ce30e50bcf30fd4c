import type { Host } from '../../host/host.js';

/** How a browser is started and what it understands. */
export type BrowserEngine = 'chromium' | 'headless-shell' | 'firefox' | 'safari';

export interface InstalledBrowser {
  /** Unique on its machine: `chrome`, `chromium`, `headless-shell`, `edge`, `firefox`, `safari`. */
  readonly name: BrowserName;
  /** As people write it: `Google Chrome`. */
  readonly title: string;
  readonly engine: BrowserEngine;
  /** Absolute path of the executable. */
  readonly path: string;
}

interface BrowserRow {
  readonly title: string;
  readonly engine: BrowserEngine;
  /** Executables on PATH, on Linux and the BSDs. */
  readonly commands: readonly string[];
  /** Below `/Applications` and `~/Applications`. */
  readonly mac: string;
  /** Below the folders for programs. */
  readonly windows: string;
  /** Where Playwright keeps its copy: the folder's name up to the revision, and the executable in it by platform. */
  readonly playwright?: Readonly<Record<string, string>> & { readonly folder: string };
}

/** Every browser that is looked for. One row per browser. */
const browsers = {
  chrome: {
    title: 'Google Chrome',
    engine: 'chromium',
    commands: ['google-chrome', 'google-chrome-stable', 'google-chrome-beta', 'google-chrome-unstable'],
    mac: 'Google Chrome.app/Contents/MacOS/Google Chrome',
    windows: 'Google\\Chrome\\Application\\chrome.exe',
  },
  chromium: {
    title: 'Chromium',
    engine: 'chromium',
    commands: ['chromium', 'chromium-browser'],
    mac: 'Chromium.app/Contents/MacOS/Chromium',
    windows: 'Chromium\\Application\\chrome.exe',
    playwright: {
      folder: 'chromium-',
      linux: 'chrome-linux/chrome',
      darwin: 'chrome-mac/Chromium.app/Contents/MacOS/Chromium',
      win32: 'chrome-win\\chrome.exe',
    },
  },
  'headless-shell': {
    title: 'Chromium headless shell',
    engine: 'headless-shell',
    commands: ['chromium-headless-shell', 'chrome-headless-shell'],
    mac: '',
    windows: '',
    playwright: {
      folder: 'chromium_headless_shell-',
      linux: 'chrome-linux/headless_shell',
      darwin: 'chrome-mac/headless_shell',
      win32: 'chrome-win\\headless_shell.exe',
    },
  },
  edge: {
    title: 'Microsoft Edge',
    engine: 'chromium',
    commands: ['microsoft-edge', 'microsoft-edge-stable', 'microsoft-edge-beta', 'microsoft-edge-dev'],
    mac: 'Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
    windows: 'Microsoft\\Edge\\Application\\msedge.exe',
  },
  firefox: {
    title: 'Firefox',
    engine: 'firefox',
    commands: ['firefox', 'firefox-esr'],
    mac: 'Firefox.app/Contents/MacOS/firefox',
    windows: 'Mozilla Firefox\\firefox.exe',
  },
  safari: {
    title: 'Safari',
    engine: 'safari',
    commands: [],
    mac: 'Safari.app/Contents/MacOS/Safari',
    windows: '',
  },
} as const satisfies Record<string, BrowserRow>;

type BrowserName = keyof typeof browsers;

/** The browsers on the machine, each once: the installed one, else the one that Playwright keeps. Starts nothing. */
export function findBrowsers(host: Host): readonly InstalledBrowser[] {
  return (Object.entries(browsers) as [BrowserName, BrowserRow][]).flatMap(([name, row]) => {
    const places = [...installedAt(host, row), ...keptByPlaywright(host, row)];
    const path = places.find((place) => host.exists(place));
    return path === undefined ? [] : [{ name, title: row.title, engine: row.engine, path }];
  });
}

function installedAt({ platform, env }: Host, { commands, mac, windows }: BrowserRow): readonly string[] {
  if (platform === 'darwin') {
    return mac === '' ? [] : ['', env.HOME ?? ''].map((root) => `${root}/Applications/${mac}`);
  }
  if (platform === 'win32') {
    const roots = [env.ProgramFiles, env['ProgramFiles(x86)'], env.LOCALAPPDATA];
    return windows === '' ? [] : roots.flatMap((root) => (root ? [`${root}\\${windows}`] : []));
  }
  const folders = (env.PATH ?? '').split(':').filter((folder) => folder.startsWith('/'));
  return commands.flatMap((command) => folders.map((folder) => `${folder}/${command}`));
}

/** Newest revision first. */
function keptByPlaywright(host: Host, { playwright }: BrowserRow): readonly string[] {
  const executable = playwright?.[host.platform];
  const folder = playwrightFolder(host);
  if (playwright === undefined || executable === undefined || folder === undefined) return [];
  const revision = (name: string) => Number(name.slice(playwright.folder.length));
  return host
    .readDirectory(folder)
    .filter((name) => name.startsWith(playwright.folder) && revision(name) > 0)
    .sort((a, b) => revision(b) - revision(a))
    .map((name) => [folder, name, executable].join(host.platform === 'win32' ? '\\' : '/'));
}

function playwrightFolder({ platform, env }: Host): string | undefined {
  if (env.PLAYWRIGHT_BROWSERS_PATH?.startsWith('/')) return env.PLAYWRIGHT_BROWSERS_PATH;
  if (platform === 'win32') return env.LOCALAPPDATA && `${env.LOCALAPPDATA}\\ms-playwright`;
  if (!env.HOME) return undefined;
  return `${env.HOME}/${platform === 'darwin' ? 'Library/Caches' : '.cache'}/ms-playwright`;
}
