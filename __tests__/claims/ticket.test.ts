import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { buildSync } from 'esbuild';
import { everybody, type Needs } from '../../src/claims/needs.js';
import { ClaimQueue } from '../../src/claims/queue.js';
import type { Said, Task } from './claimant.js';

jest.setTimeout(60_000);
// The observer is a name of the kernel that only Linux has.
const linuxTest = process.platform === 'linux' ? test : test.skip;

const scratch = mkdtempSync(join(tmpdir(), 'claims-test-'));
chmodSync(scratch, 0o755);
const script = join(scratch, 'claimant.mjs');
buildSync({
  entryPoints: ['__tests__/claims/claimant.ts'],
  bundle: true,
  platform: 'node',
  format: 'esm',
  outfile: script,
});

let directory: string;
let children: Claimant[] = [];
beforeEach(() => {
  directory = join(mkdtempSync(join(scratch, 'd-')), 'c');
  chmodSync(join(directory, '..'), 0o755);
});
afterEach(() => {
  for (const { child } of children) child.kill('SIGKILL');
  children = [];
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A claimant, and what it has said so far. */
class Claimant {
  readonly said: Said[] = [];
  readonly exited: Promise<void>;
  readonly child: ChildProcess;
  #listeners: (() => void)[] = [];

  constructor(claims: Task['claims'], options: { readonly uid?: number; readonly gid?: number } = {}) {
    const task: Task = { directory, claims };
    this.child = fork(script, [JSON.stringify(task)], { execArgv: [], ...options });
    this.child.on('message', (word: Said) => {
      this.said.push(word);
      for (const listener of this.#listeners) listener();
    });
    this.exited = new Promise((resolve) => this.child.on('exit', () => resolve()));
    children.push(this);
  }

  async hears(word: Said): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (this.said.includes(word)) resolve();
      };
      this.#listeners.push(look);
      void this.exited.then(() => reject(new Error(`ended after ${this.said.join(', ')}`)));
      look();
    });
  }

  letGo(): void {
    this.child.send('release');
  }
}

const one = (name: string): Needs => ({ [name]: { units: 1, of: 1 } });
const holding = (needs: Needs, options = {}) =>
  new Claimant([{ needs, holdMs: 'hold', observers: [] }], options);

linuxTest('first come, first served', async () => {
  const order: number[] = [];
  const holder = holding(one('gpu'));
  await holder.hears('granted');
  const waiting: Claimant[] = [];
  for (const number of [1, 2, 3, 4]) {
    const claimant = holding(one('gpu'));
    await claimant.hears('waiting');
    void claimant.hears('granted').then(() => {
      order.push(number);
      claimant.letGo();
    });
    waiting.push(claimant);
  }
  await holder.hears('wanted');
  holder.letGo();
  await Promise.all(waiting.map(({ exited }) => exited));
  expect(order).toEqual([1, 2, 3, 4]);
  expect(readdirSync(directory)).toEqual([]);
});

linuxTest('a killed holder frees at once, and a killed one in the line lets the others on', async () => {
  const holder = holding(one('gpu'));
  await holder.hears('granted');
  const second = holding(one('gpu'));
  await second.hears('waiting');
  const third = holding(one('gpu'));
  await third.hears('waiting');
  await second.hears('wanted');
  second.child.kill('SIGKILL');
  holder.child.kill('SIGKILL');
  await third.hears('granted');
  third.letGo();
  await third.exited;
  expect(third.said.filter((word) => word !== 'wanted')).toEqual(['waiting', 'granted', 'released']);
  expect(readdirSync(directory)).toEqual([]);
});

linuxTest('a holder that is stopped holds on, though it says nothing', async () => {
  const holder = holding(one('gpu'));
  await holder.hears('granted');
  holder.child.kill('SIGSTOP');
  const second = holding(one('gpu'));
  await second.hears('waiting');
  // Comes later, is done earlier: what concerns others does not wait.
  const other = new Claimant([{ needs: one('npu'), holdMs: 0, observers: [] }]);
  await other.exited;
  expect(other.said).toEqual(['granted', 'released']);
  expect(second.said).toEqual(['waiting']);
  holder.child.kill('SIGCONT');
  holder.letGo();
  await second.hears('granted');
});

linuxTest('what the dead left behind blocks nobody', async () => {
  const dead = holding({ ...one('gpu'), machine: { units: everybody, of: everybody } });
  await dead.hears('granted');
  dead.child.kill('SIGKILL');
  await dead.exited;
  expect(readdirSync(directory)).toHaveLength(2);
  writeFileSync(join(directory, '7.aaaaaaaaaaaa'), '');
  writeFileSync(join(directory, 'notes.txt'), 'not a ticket');
  const next = holding({ ...one('gpu'), machine: { units: 1, of: everybody } });
  await next.hears('granted');
});

linuxTest('who waits while the folder is removed gets on all the same', async () => {
  const holder = holding(one('gpu'));
  await holder.hears('granted');
  const second = holding(one('gpu'));
  await second.hears('waiting');
  await holder.hears('wanted');
  rmSync(directory, { recursive: true });
  holder.letGo();
  await second.hears('granted');
  second.letGo();
  await second.exited;
  expect(readdirSync(directory)).toEqual([]);
});

linuxTest('as many at once as there are shares, and as few as any of them was promised', async () => {
  const shared = (of: number): Needs => ({ gpu: { units: 1, of } });
  const two = [holding(shared(2)), holding(shared(2))];
  await Promise.all(two.map((each) => each.hears('granted')));
  const third = holding(shared(2));
  await third.hears('waiting');
  two[1]?.letGo();
  await third.hears('granted');
  // Believes that it has it for itself.
  const alone = holding(shared(1));
  await alone.hears('waiting');
  const late = holding(shared(2));
  await late.hears('waiting');
  two[0]?.letGo();
  await two[0]?.exited;
  expect(alone.said).not.toContain('granted');
  third.letGo();
  await alone.hears('granted');
  expect(late.said).not.toContain('granted');
  alone.letGo();
  await late.hears('granted');
});

linuxTest(
  'one that wants the machine for itself waits for those before it, and holds up those behind it',
  async () => {
    const plain: Needs = { machine: { units: 1, of: everybody } };
    const running = [holding(plain), holding(plain)];
    await Promise.all(running.map((each) => each.hears('granted')));
    const alone = holding({ machine: { units: everybody, of: everybody } });
    await alone.hears('waiting');
    await Promise.all(running.map((each) => each.hears('wanted')));
    const late = holding(plain);
    await late.hears('waiting');
    for (const each of running) each.letGo();
    await alone.hears('granted');
    expect(late.said).not.toContain('granted');
    alone.letGo();
    await late.hears('granted');
  },
);

const rootTest = process.platform === 'linux' && process.getuid?.() === 0 ? test : test.skip;
rootTest('users wait for each other too', async () => {
  const root = holding(one('gpu'));
  await root.hears('granted');
  const nobody = { uid: 65534, gid: 65534 };
  const other = holding(one('gpu'), nobody);
  await other.hears('waiting');
  const third = holding(one('gpu'));
  await third.hears('waiting');
  root.child.kill('SIGKILL');
  await other.hears('granted');
  other.child.kill('SIGKILL');
  await third.hears('granted');
  // What it may not delete it does not mind.
  const fourth = holding(one('gpu'), nobody);
  await fourth.hears('waiting');
  third.child.kill('SIGKILL');
  await fourth.hears('granted');
});

linuxTest('never two holders, whatever is claimed together and whoever is killed', async () => {
  const tag = randomUUID();
  let state = 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const processes = 6;
  const shares = [`${tag} share 1`, `${tag} share 2`];
  const machine = Array.from({ length: processes }, (_, index) => `${tag} machine ${index}`);
  const claims = (index: number): Task['claims'] =>
    Array.from({ length: 25 }, () => {
      const exclusive = random(8) === 0;
      const picked = ['gpu0', 'gpu1', 'lock a'].filter(() => random(2) === 0);
      const share = random(2) === 0;
      return {
        needs: {
          machine: { units: exclusive ? everybody : 1, of: everybody },
          ...Object.assign({}, ...picked.map(one)),
          ...(share ? { npu: { units: 1, of: 2 } } : {}),
        },
        holdMs: random(4),
        observers: [
          ...(exclusive ? machine.map((name) => [name]) : [[machine[index] ?? '']]),
          ...picked.map((name) => [`${tag} ${name}`]),
          ...(share ? [shares] : []),
        ],
      };
    });
  const victims: Claimant[] = [];
  await Promise.all(
    Array.from({ length: processes }, async (_, index) => {
      if (index % 2 === 0) {
        const victim = new Claimant(claims(index));
        victims.push(victim);
        // Wherever it is just then.
        await victim.hears('granted');
        for (let words = victim.said.length; victim.said.length < words + random(20); ) {
          await new Promise((resolve) => victim.child.once('message', resolve));
          if (victim.child.exitCode !== null) break;
        }
        victim.child.kill('SIGKILL');
        await victim.exited;
      }
      const claimant = new Claimant(claims(index));
      await claimant.exited;
      expect(claimant.child.exitCode).toBe(0);
    }),
  );
  expect(children.flatMap(({ said }) => said.filter((word) => word.startsWith('two')))).toEqual([]);
});

test('who was overtaken while taking a place takes another one: the later ticket may hold already', () => {
  const queue = new ClaimQueue(directory);
  const content = { pid: process.pid, cwd: '.', sinceMs: 0, needs: one('gpu') };
  const slow = queue.draft(queue.newId(), content);
  const first = queue.draft(queue.newId(), content);
  expect(queue.publish(first)).toBe(true);
  const second = queue.draft(queue.newId(), content);
  expect(queue.publish(second)).toBe(true);
  queue.remove(first);
  expect(queue.blockersOf(second)).toEqual([]);
  expect(queue.publish(slow)).toBe(false);
  expect(queue.tickets()).toEqual([second]);
});

test('a directory whose path is too long for sockets is refused with what to do', () => {
  const deep = join(directory, 'x'.repeat(120));
  if (process.platform === 'win32') return;
  expect(() => new ClaimQueue(deep)).toThrow(/too long a path for sockets[\s\S]*set the option `claims`/);
});

test('a directory that cannot be used is refused with what to do', () => {
  const file = join(directory, '..', 'file');
  writeFileSync(file, '');
  expect(() => new ClaimQueue(join(file, 'c'))).toThrow(/cannot be used: ENOTDIR[\s\S]*local file system/);
});
