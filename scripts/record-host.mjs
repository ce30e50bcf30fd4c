/**
 * Records this machine for the tests: `node scripts/record-host.mjs NAME` writes `fixtures/hosts/NAME`, with every file and
 * every tool's answer that detection asks for, and nothing else. Then it replays the recording and compares.
 * A second word names a recorded machine to record instead, which keeps of it what detection asks for.
 * UUIDs become other ones, the home directory becomes /home/me. Read what it wrote before you share it.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { source } from '../bench/source.mjs';

const { detectMachine, liveHost, recordedHost } = await source(
  'detect/detect.ts',
  'host/live.ts',
  'host/recorded.ts',
);

const [name, recorded] = process.argv.slice(2);
if (name === undefined)
  throw new Error('name the machine: node scripts/record-host.mjs two-l4-in-a-container');
const directory = resolve(fileURLToPath(new URL('../fixtures/hosts', import.meta.url)), name);
if (existsSync(directory)) throw new Error(`${directory} is there already: name another or remove it`);

const live = recorded === undefined ? liveHost() : recordedHost(recorded);
const files = new Map();
const listed = new Set();
const denied = new Set();
const answers = new Map();
const env = {};
const ids = new Map();
/** Terminals and disks, which detection lists and no more. */
const unused = /^\/dev\/(tty|vcs|loop|ram|nbd)/;

/** Packages of a project are not part of the machine. */
const projectDir = '/';
const machine = await detectMachine({ host: recording(live), projectDir, sensors: true });
write();
report(await detectMachine({ host: recordedHost(directory), projectDir, sensors: true }));

/** The machine itself, noting what it is asked. The first answer counts: others may differ a moment later. */
function recording(host) {
  const noteFile = (path, text) => {
    if (text !== undefined && !files.has(path)) files.set(path, text);
    if (text === undefined && host.exists(path) && !isDirectory(path)) denied.add(path);
    return text;
  };
  return {
    ...host,
    env: new Proxy(host.env, { get: (_, key) => noteVariable(key, host.env[key]) }),
    workingDirectory: projectDir,
    readFile: (path) => (files.has(path) ? files.get(path) : noteFile(path, host.readFile(path))),
    readDirectory: (path) => {
      const names = host.readDirectory(path);
      for (const each of names) listed.add(join(path, each));
      return names;
    },
    exists: (path) => {
      if (host.exists(path)) listed.add(path);
      return host.exists(path);
    },
    mayOpen: (path) => {
      if (host.exists(path)) listed.add(path);
      if (host.exists(path) && !host.mayOpen(path)) denied.add(path);
      return host.mayOpen(path);
    },
    run: async (command, args, options) => {
      const outcome = await host.run(command, args, options);
      if (outcome.status !== 'absent') noteAnswer(command, args.join(' '), outcome);
      return outcome;
    },
    cpuFallback: async () => undefined,
  };
}

function noteVariable(key, value) {
  if (typeof key === 'string' && value !== undefined && !['PATH', 'HOME'].includes(key)) env[key] = value;
  return value;
}

function noteAnswer(command, words, outcome) {
  const known = answers.get(command) ?? new Map();
  if (!known.has(words)) known.set(words, outcome);
  answers.set(command, known);
}

function write() {
  const { platform, arch, release, totalMemoryBytes, availableParallelism } = live;
  const facts = {
    platform,
    arch,
    release,
    env,
    totalMemoryBytes,
    availableParallelism,
    cpuModel: live.cpuModel(),
  };
  const closed = [...denied].sort();
  put(
    'host.json',
    `${JSON.stringify({ ...facts, ...(closed.length > 0 && { denied: closed }) }, null, 2)}\n`,
  );
  for (const [path, text] of files) put(join('fs', path), text);
  for (const path of [...denied, ...listed].filter((each) => !unused.test(each))) {
    if (isDirectory(path)) mkdirSync(placeOf(join('fs', path)), { recursive: true });
    else if (!existsSync(placeOf(join('fs', path)))) put(join('fs', path), '');
  }
  for (const [command, known] of answers) {
    const file = command.startsWith('/') ? join('fs', command) : join('bin', command);
    put(file, scriptOf(known), 0o755);
  }
}

/** A shell script that answers as the tool did. */
function scriptOf(known) {
  const cases = [...known].map(([words, { status, stdout, stderr }]) => {
    const lines = [...printed(stdout, ''), ...printed(stderr, ' >&2')];
    const end = { ok: 'exit 0', error: 'exit 1', timeout: '/bin/sleep 600' }[status];
    return [`  '${words.replaceAll("'", `'\\''`)}')`, ...lines, end, ';;'].join('\n');
  });
  return ['#!/bin/sh', 'case "$*" in', ...cases, '*) exit 1 ;;', 'esac', ''].join('\n');
}

function printed(text, to) {
  return text === '' ? [] : [`/bin/cat <<'END'${to}`, text.replace(/\n$/, ''), 'END'];
}

function put(path, text, mode = 0o644) {
  const place = placeOf(path);
  mkdirSync(dirname(place), { recursive: true });
  writeFileSync(place, anonymous(text), { mode });
}

/** Windows allows no colon in a name. */
function placeOf(path) {
  return join(directory, anonymous(path).replaceAll(':', '%3A'));
}

function isDirectory(path) {
  return live.readDirectory(path).length > 0;
}

function anonymous(text) {
  return text.replaceAll(homedir(), '/home/me').replace(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/gi, (id) => {
    if (!ids.has(id)) ids.set(id, `00000000-0000-4000-8000-${String(ids.size + 1).padStart(12, '0')}`);
    return ids.get(id);
  });
}

function report(replayed) {
  const own = JSON.parse(anonymous(JSON.stringify(machine)));
  console.log(
    `${directory}: ${files.size} files, ${answers.size} tools, variables ${Object.keys(env).join(', ') || 'none'}`,
  );
  if (isDeepStrictEqual(own, JSON.parse(JSON.stringify(replayed)))) {
    console.log(`It replays as this machine: ${replayed.devices.map(({ id }) => id).join(', ')}.`);
    return;
  }
  console.error('The recording does not replay as this machine. This machine, then the recording:');
  console.error(JSON.stringify(own, null, 1));
  console.error(JSON.stringify(replayed, null, 1));
  process.exitCode = 1;
}
