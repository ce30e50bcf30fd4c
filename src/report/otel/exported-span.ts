import type { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { OtelSettings } from './settings.js';
import type { Span } from './span.js';

export type Exporter = Pick<OTLPTraceExporter, 'export'>;
/** A span as OpenTelemetry's exporters take it. */
export type Exported = Parameters<Exporter['export']>[0][number];

/** Values of the API's enums, which would have to be loaded for them. */
const sampled = 1;
const internalKind = 0;
const statusCodes = { unset: 0, error: 2 } as const;

/** Spans as the exporters take them. They are read and never changed. */
export function exportedSpans(
  spans: readonly Span[],
  { resource, traceState }: OtelSettings,
  version = '',
): readonly Exported[] {
  const common = {
    kind: internalKind,
    ended: true,
    // Exporters ask it for nothing but its attributes.
    resource: { attributes: resource } as unknown as Exported['resource'],
    instrumentationScope: { name: 'jest-runner-hardware', version },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
  const contextOf = (traceId: string, spanId: string, isRemote?: boolean) => ({
    traceId,
    spanId,
    traceFlags: sampled,
    ...(isRemote && { isRemote }),
    ...(traceState !== undefined && { traceState: stateOf(traceState) }),
  });
  return spans.map((span): Exported => {
    const { name, traceId, spanId, parentSpanId, startMs, endMs, error } = span;
    return {
      ...common,
      name,
      spanContext: () => contextOf(traceId, spanId),
      ...(parentSpanId !== undefined && {
        parentSpanContext: contextOf(traceId, parentSpanId, span.isParentRemote),
      }),
      startTime: secondsAndNanoseconds(startMs),
      endTime: secondsAndNanoseconds(endMs),
      duration: secondsAndNanoseconds(endMs - startMs),
      status: error === undefined ? { code: statusCodes.unset } : { code: statusCodes.error, message: error },
      attributes: mutable(span.attributes),
      links: span.links.map((link) => ({
        context: contextOf(traceId, link.spanId),
        attributes: mutable(link.attributes),
      })),
      events: span.events.map(({ name: event, atMs, attributes }) => ({
        name: event,
        time: secondsAndNanoseconds(atMs),
        attributes: mutable(attributes),
      })),
    };
  });
}

function secondsAndNanoseconds(ms: number): [number, number] {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}

/** The API's type for what nobody changes. */
function mutable(attributes: Span['attributes']): Exported['attributes'] {
  return attributes as Exported['attributes'];
}

function stateOf(text: string) {
  return { serialize: () => text } as NonNullable<ReturnType<Exported['spanContext']>['traceState']>;
}
