import { printable } from '../../core/vocabulary/printable.js';
import type { ReportedRun } from '../formats/format.js';
import { type Exported, type Exporter, exportedSpans } from './exported-span.js';
import { spansOf } from './run-span.js';
import {
  type Environment,
  exporterOf,
  type OtelSettings,
  otelSettings,
  withoutCredentials,
} from './settings.js';
import type { Attributes } from './span.js';

/** What became of a run's spans. */
export interface Sent {
  /** Number of spans that the collector took. */
  readonly spans: number;
  readonly url: string;
}

/** Spans of one request: what OpenTelemetry's own processors send at once. */
const spansOfRequest = 512;
/** How many requests go out at once. */
const requestsAtOnce = 4;

/**
 * Sends a run as spans to the collector that the standard variables name. It takes no longer than their timeout (default 10 s).
 * @param pipeline Attributes of the job of the CI service in which the run took place.
 * @returns Undefined where the variables name no collector or turn tracing off. A text, one line: why spans are missing.
 */
export async function sendSpans(
  run: ReportedRun,
  env: Environment,
  pipeline: Attributes = {},
): Promise<Sent | string | undefined> {
  const settings = otelSettings(env);
  if (settings === undefined) return undefined;
  if (typeof settings === 'string') return told(settings);
  const deadlineMs = Date.now() + settings.timeoutMs;
  const exporter = await loadExporter(settings);
  if (typeof exporter === 'string') return told(exporter);
  const spans = exportedSpans(spansOf(run, settings.parent, pipeline), settings, run.summary.packageVersion);
  const problem = await sendAll(spans, exporter, deadlineMs);
  const url = withoutCredentials(settings.url);
  return problem === undefined ? { spans: spans.length, url } : told(failureText(problem, settings, url));
}

type MakeExporter = (timeoutMs: number) => Exporter;

async function loadExporter({ protocol, url, variable }: OtelSettings): Promise<MakeExporter | string> {
  try {
    // An optional peer is loaded by a name that bundlers and compilers see.
    const { OTLPTraceExporter } = await (protocol === 'http/json'
      ? import('@opentelemetry/exporter-trace-otlp-http')
      : import('@opentelemetry/exporter-trace-otlp-proto'));
    return (timeoutMillis) => new OTLPTraceExporter({ url, timeoutMillis });
  } catch (error) {
    const name = exporterOf[protocol];
    const why = (error as Error | undefined)?.message ?? String(error);
    return `${variable} is set, and the package ${name} cannot be loaded (${why.split('\n', 1)[0]}): \`npm install --save-dev @opentelemetry/api ${name}\`, or unset ${variable}`;
  }
}

/** @returns What went wrong first; undefined: everything was taken. Nothing is begun after that. */
async function sendAll(
  spans: readonly Exported[],
  exporterWithin: MakeExporter,
  deadlineMs: number,
): Promise<unknown> {
  const requests = Array.from({ length: Math.ceil(spans.length / spansOfRequest) }, (_, index) =>
    spans.slice(index * spansOfRequest, (index + 1) * spansOfRequest),
  );
  const failures: unknown[] = [];
  const sendOneByOne = async () => {
    for (let next = requests.shift(); next !== undefined && failures.length === 0; next = requests.shift()) {
      try {
        // Every exporter gets what is left of the time: what it retries must not outlive the deadline.
        await sendOne(next, exporterWithin(Math.max(1, deadlineMs - Date.now())));
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.race([
    Promise.all(Array.from({ length: requestsAtOnce }, sendOneByOne)),
    deadline(deadlineMs).then(() => failures.push(new Error('no answer in time'))),
  ]);
  return failures[0];
}

function sendOne(spans: readonly Exported[], exporter: Exporter): Promise<void> {
  return new Promise((resolve, reject) => {
    exporter.export([...spans], ({ code, error }) => {
      if (code === 0) resolve();
      else reject(error ?? new Error('refused'));
    });
  });
}

function deadline(atMs: number): Promise<void> {
  // A little more, so that the exporter's own error comes first, which says more. It keeps no process alive.
  return new Promise((resolve) => setTimeout(resolve, atMs - Date.now() + 100).unref());
}

function failureText(problem: unknown, { timeoutMs, variable }: OtelSettings, url: string): string {
  const { message = String(problem), code } = problem as { message?: string; code?: unknown };
  const why = [code, message].filter((part) => part !== undefined && part !== '').join(' ');
  const doubled = /\/v1\/traces\/v1\/traces$/.test(url);
  const remedy = doubled
    ? `take /v1/traces off ${variable}, to which it is added`
    : `check ${variable}, or unset it`;
  return `${url} did not take them within ${timeoutMs / 1000} s (${why}); ${remedy}`;
}

function told(reason: string): string {
  return printable(`OpenTelemetry: the spans of this run are not sent, or not all: ${reason}.`);
}
