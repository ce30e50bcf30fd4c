/** With `node --require`: writes the CPU time of a process into the file CPU_TIME_FILE when it ends, ms. */
const { writeFileSync } = require('node:fs');

const file = process.env.CPU_TIME_FILE;
process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  writeFileSync(file, String((user + system) / 1000));
});
