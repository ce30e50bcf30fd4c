import type { Parent } from './run-span.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where spans go, by the standard's variables. https://opentelemetry.io/docs/specs/otel/protocol/exporter/ */
export interface OtelSettings {
  readonly url: string;
  readonly protocol: Protocol;
  /** For all spans of a run, ms. */
  readonly timeoutMs: number;
  /** The variable that names the endpoint. */
  readonly variable: string;
  /** Attributes of what sends the spans, `service.name` among them. */
  readonly resource: Readonly<Record<string, string>>;
  readonly parent?: Parent;
  /** Text of TRACESTATE; left out without a parent. */
  readonly traceState?: string;
}

/** The package that speaks each protocol. */
export const exporterOf = {
  'http/protobuf': '@opentelemetry/exporter-trace-otlp-proto',
  'http/json': '@opentelemetry/exporter-trace-otlp-http',
} as const satisfies Record<string, string>;
type Protocol = keyof typeof exporterOf;

const endpoints = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'] as const;
const defaultTimeoutMs = 10_000;

/**
 * @returns Undefined: no spans are wanted. A text: they are, and the variables do not say how; one sentence.
 */
export function otelSettings(env: Environment): OtelSettings | string | undefined {
  const read = (name: string) => env[name]?.trim() || undefined;
  const forTraces = (name: string) =>
    read(`OTEL_EXPORTER_OTLP_TRACES_${name}`) ?? read(`OTEL_EXPORTER_OTLP_${name}`);
  const variable = endpoints.find((name) => read(name) !== undefined);
  const endpoint = variable && read(variable);
  if (endpoint === undefined || isOff(read)) return undefined;
  const url = urlOf(endpoint, variable === 'OTEL_EXPORTER_OTLP_ENDPOINT');
  if (url === undefined) {
    return `${variable} is not a URL of http or https: ${JSON.stringify(withoutCredentials(endpoint))}; set it to one, such as http://localhost:4318`;
  }
  const protocol = forTraces('PROTOCOL') ?? 'http/protobuf';
  if (!Object.hasOwn(exporterOf, protocol)) {
    return `the protocol ${JSON.stringify(protocol)} is not supported; set OTEL_EXPORTER_OTLP_PROTOCOL to ${Object.keys(exporterOf).join(' or ')}, and the endpoint to the collector's port for HTTP, by default 4318`;
  }
  const timeoutMs = Number(forTraces('TIMEOUT'));
  const parent = parentOf(read('TRACEPARENT'));
  if (parent?.isSampled === false) return undefined;
  const traceState = read('TRACESTATE');
  return {
    url,
    protocol: protocol as Protocol,
    timeoutMs: timeoutMs > 0 && Number.isFinite(timeoutMs) ? timeoutMs : defaultTimeoutMs,
    variable: variable ?? endpoints[0],
    resource: resourceOf(read('OTEL_RESOURCE_ATTRIBUTES'), read('OTEL_SERVICE_NAME')),
    ...(parent && { parent: { traceId: parent.traceId, spanId: parent.spanId } }),
    ...(parent && traceState !== undefined && { traceState }),
  };
}

function isOff(read: (name: string) => string | undefined): boolean {
  const exporters = read('OTEL_TRACES_EXPORTER')?.split(',') ?? ['otlp'];
  return (
    read('OTEL_SDK_DISABLED')?.toLowerCase() === 'true' ||
    !exporters.some((name) => name.trim() === 'otlp') ||
    read('OTEL_TRACES_SAMPLER') === 'always_off'
  );
}

/** The endpoint for all signals is a folder; the one for traces is taken as it is. */
function urlOf(endpoint: string, isFolder: boolean): string | undefined {
  const text = isFolder ? `${endpoint.replace(/\/+$/, '')}/v1/traces` : endpoint;
  if (!URL.canParse(text)) return undefined;
  const { protocol, href } = new URL(text);
  return protocol === 'http:' || protocol === 'https:' ? href : undefined;
}

/** For messages: a URL may hold a password, and its query a key. */
export function withoutCredentials(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//').replace(/\?.*$/s, '');
}

/** https://www.w3.org/TR/trace-context/#traceparent-header; what is malformed counts as not set. */
function parentOf(text: string | undefined): (Parent & { readonly isSampled: boolean }) | undefined {
  const [, version, traceId = '', spanId = '', flags = ''] =
    /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-.*)?$/.exec(text ?? '') ?? [];
  if (version === undefined || version === 'ff' || /^0+$/.test(traceId) || /^0+$/.test(spanId))
    return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** `key=value` by comma, percent-encoded; a list with a mistake is left out as a whole, as the standard wants it. */
function resourceOf(list = '', serviceName?: string): Readonly<Record<string, string>> {
  const named = serviceName === undefined ? {} : { 'service.name': serviceName };
  return { 'service.name': 'jest-runner-hardware', ...listed(list), ...named };
}

function listed(list: string): Readonly<Record<string, string>> {
  const pairs = list.split(',').filter((pair) => pair.trim() !== '');
  try {
    return Object.fromEntries(
      pairs.map((pair) => {
        const at = pair.indexOf('=');
        if (at < 1) throw new URIError(pair);
        return [decoded(pair.slice(0, at)), decoded(pair.slice(at + 1))];
      }),
    );
  } catch {
    return {};
  }
}

function decoded(text: string): string {
  return decodeURIComponent(text.trim());
}
