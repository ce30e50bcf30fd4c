/** Loaded into Jest by parent-memory.mjs: the Jest process, not its workers, says its peak when it ends. */
const { readFileSync, writeSync } = require('node:fs');

if (process.send === undefined) {
  process.on('exit', () => {
    // Not `resourceUsage().maxRSS`: that one begins with what the process that forked us had.
    const kibibytes = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    writeSync(2, `peak memory ${kibibytes} KiB\n`);
  });
}
