import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { commandLine, launchOptionsOf } from '../../../../src/detect/browsers/launch.js';
import { temporaryDirectory } from '../../../detect/temporary-host.js';

type Answer = Readonly<Record<string, unknown>>;

/** A headless shell of Chromium, driven by its DevTools protocol over pipes: JSON that ends with a null character. */
export class Browser {
  readonly #process: ChildProcess;
  readonly #input: Writable;
  readonly #waiting = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>();
  readonly #listeners: ((method: string, params: Answer, sessionId: string | undefined) => void)[] = [];
  #rest = '';
  #lastId = 0;

  constructor(path: string) {
    const options = launchOptionsOf('headless-shell', path);
    const args = commandLine('headless-shell', options, temporaryDirectory(), 'about:blank');
    this.#process = spawn(path, ['--remote-debugging-pipe', ...args], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    this.#input = this.#process.stdio[3] as Writable;
    const output = this.#process.stdio[4] as Readable;
    output.setEncoding('utf8').on('data', (text: string) => this.#receive(text));
    this.#process.once('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the browser has ended'));
    });
  }

  onEvent(listener: (method: string, params: Answer, sessionId: string | undefined) => void): void {
    this.#listeners.push(listener);
  }

  send(method: string, params: object = {}, sessionId?: string): Promise<Answer> {
    const id = ++this.#lastId;
    this.#input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  async close(): Promise<void> {
    const exited = new Promise((resolve) => this.#process.once('exit', resolve));
    this.send('Browser.close').catch(() => {});
    await exited;
  }

  #receive(text: string): void {
    const messages = (this.#rest + text).split('\0');
    this.#rest = messages.pop() ?? '';
    for (const message of messages) {
      const { id, method, params, result, error, sessionId } = JSON.parse(message);
      if (id === undefined) for (const listener of this.#listeners) listener(method, params, sessionId);
      else if (error === undefined) this.#waiting.get(id)?.resolve(result);
      else this.#waiting.get(id)?.reject(new Error(error.message));
      this.#waiting.delete(id);
    }
  }
}

export interface Look {
  readonly width: number;
  readonly height?: number;
  readonly scheme?: 'light' | 'dark';
}

/** One page, and what went wrong in it. */
export class Page {
  /** Messages of the console, exceptions, refused and failed requests. */
  readonly faults: string[] = [];
  readonly #send: (method: string, params?: object) => Promise<Answer>;
  readonly #loaded: Promise<void>;

  private constructor(browser: Browser, sessionId: string) {
    this.#send = (method, params) => browser.send(method, params, sessionId);
    this.#loaded = new Promise((resolve) =>
      browser.onEvent((method, params, from) => {
        if (from !== sessionId) return;
        if (method === 'Page.loadEventFired') resolve();
        const isFault = /^Runtime\.(exceptionThrown|consoleAPICalled)|Log\.entryAdded$/.test(method);
        if (isFault) this.faults.push(JSON.stringify(params));
      }),
    );
  }

  static async open(browser: Browser, url: string, look: Look): Promise<Page> {
    const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(browser, sessionId as string);
    const { width, height = 900, scheme = 'light' } = look;
    await page.#send('Emulation.setDeviceMetricsOverride', {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: false,
    });
    await page.#send('Emulation.setEmulatedMedia', {
      features: [{ name: 'prefers-color-scheme', value: scheme }],
    });
    await Promise.all(['Page', 'Runtime', 'Log'].map((domain) => page.#send(`${domain}.enable`)));
    await page.#send('Page.navigate', { url });
    await page.#loaded;
    // The timeline is drawn with the first frame.
    await page.evaluate(
      'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))',
    );
    return page;
  }

  /** The value of an expression, awaited, as JSON. */
  async evaluate<Value = unknown>(expression: string): Promise<Value> {
    const { result, exceptionDetails } = (await this.#send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })) as { result: { value: Value }; exceptionDetails?: { exception: { description: string } } };
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception.description);
    return result.value;
  }

  type(text: string): Promise<Answer> {
    return this.#send('Input.insertText', { text });
  }

  /** @param key As in `KeyboardEvent.key`. */
  async press(key: string): Promise<void> {
    const text = key === 'Enter' ? '\r' : key === ' ' ? ' ' : undefined;
    const code = { Enter: 13, Tab: 9, ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40 }[key];
    const event = { key, text, windowsVirtualKeyCode: code };
    await this.#send('Input.dispatchKeyEvent', { type: 'keyDown', ...event });
    await this.#send('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
  }

  async screenshot(): Promise<Buffer> {
    const { data } = await this.#send('Page.captureScreenshot', { format: 'png' });
    return Buffer.from(data as string, 'base64');
  }
}
