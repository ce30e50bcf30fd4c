const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Calls `cleanUp` (synchronous) when this process is about to end: by a signal, or by `process.exit` in the middle of
 * a run, which is how Jest bails. Signals keep their effect. Returns a function that ends the watch.
 */
export function onProcessEnd(cleanUp: () => void): () => void {
  const dispose = () => {
    process.off('exit', onExit);
    for (const signal of endingSignals) process.off(signal, onSignal);
  };
  const onExit = () => {
    dispose();
    cleanUp();
  };
  const onSignal = (signal: NodeJS.Signals) => {
    dispose();
    cleanUp();
    // Nobody else handles it: end as a process without our listener would have.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  process.on('exit', onExit);
  for (const signal of endingSignals) process.on(signal, onSignal);
  return dispose;
}
