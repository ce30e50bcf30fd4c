import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Short suites, some of which need the GPU of another machine; each says in a folder when it begins and ends. */
export class WatchedSuites {
  readonly files: Readonly<Record<string, string>>;
  readonly #folder: string;

  /** @param folder Reached from wherever suites run. */
  constructor(folder: string) {
    this.#folder = folder;
    const numbers = Array.from({ length: 12 }, (_, index) => index + 1);
    this.files = Object.fromEntries(
      numbers.map((number) => [`suite-${number}.test.js`, this.#suite(number)]),
    );
  }

  forget(): void {
    rmSync(this.#folder, { recursive: true, force: true });
    mkdirSync(this.#folder, { recursive: true });
  }

  /** How many attempts have begun on the machine with this home. */
  begunAt(home: string): number {
    return this.#named('begun').filter(
      (attempt) => readFileSync(join(this.#folder, `begun-${attempt}`), 'utf8') === home,
    ).length;
  }

  /** Ids of the processes in which suites are running. */
  pids(): readonly number[] {
    const ended = new Set(this.#named('ended'));
    return this.#named('begun')
      .filter((attempt) => !ended.has(attempt))
      .map((attempt) => Number(attempt.split('-')[1]))
      .filter((pid) => existsSync(`/proc/${pid}`));
  }

  #named(event: string): readonly string[] {
    return readdirSync(this.#folder)
      .filter((name) => name.startsWith(event))
      .map((name) => name.slice(event.length + 1));
  }

  #suite(number: number): string {
    return `${number % 5 < 3 ? '/** @hardware gpu */\n' : ''}
const { writeFileSync } = require('node:fs');
const { spawn } = require('node:child_process');
const tell = (event) => writeFileSync(${JSON.stringify(this.#folder)} + '/' + event + '-${number}-' + process.pid, process.env.HOME);
tell('begun');
afterAll(() => tell('ended'));
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
test('waits', () => wait(${50 + 37 * number}));
test('leaves a process behind', () => { ${number % 4 === 0 ? "spawn('sleep', ['300'], { stdio: 'ignore' });" : ''} });
test.skip('is skipped', () => {});
`;
  }
}
