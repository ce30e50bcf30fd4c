import { pragmaNames } from '../../../src/core/workload/pragmas.js';
import { unknownPragma } from '../../../src/core/workload/unknown-pragma.js';

test.each([
  ['hardwares', 'hardware'],
  ['hadrware', 'hardware'],
  ['Hardware', 'hardware'],
  ['HARDWARE', 'hardware'],
  ['hardware:', 'hardware'],
  ['hardware=gpu', 'hardware'],
  ['hardware(gpu)', 'hardware'],
  ['ardware', 'hardware'],
  ['gpu', 'hardware'],
  ['gpu:2', 'hardware'],
  ['minMemory', 'min-memory'],
  ['min_memory', 'min-memory'],
  ['min-mem', 'min-memory'],
  ['memory', 'min-memory'],
  ['host-ram', 'host-memory'],
  ['prefered-memory', 'preferred-memory'],
  ['preferred-vram', 'preferred-memory'],
  ['timeout', 'max-time'],
  ['max-timeout', 'max-time'],
  ['batch-size', 'batch-sizes'],
  ['optimal-batch', 'optimal-batch-size'],
  ['optimal-batch-sizes', 'optimal-batch-size'],
  ['locks', 'lock'],
  ['cpus', 'cpu'],
  ['backends', 'backend'],
  ['workloads', 'workload'],
  ['unsatisfyable', 'unsatisfiable'],
])('@%s was meant as @%s', (name, wanted) => {
  expect(unknownPragma(name)).toMatchObject({
    message: `\`@${name}\` is no pragma`,
    remedy: expect.stringContaining(`write \`@${wanted}\` `),
  });
});

const others = `
  abstract access alias async augments author borrows callback class classdesc constant const constructor constructs
  copyright default deprecated desc description enum event example exports external extends file fileoverview overview
  fires emits function func method generator global hideconstructor host ignore implements implicit import inheritdoc
  inner instance interface kind lends license link linkcode listens member memberof mixes mixin module name namespace
  overload override package param arg prop private property protected public readonly requires return returns satisfies
  see since static summary template this throws exception todo tutorial type typedef variation var version virtual yields
  alpha beta decorator defaultValue eventProperty experimental inheritDoc internal label packageDocumentation
  privateRemarks remarks sealed typeParam category categoryDescription document group groupDescription hidden
  sortStrategy primaryExport reflection mergeModuleWith expand inline preventExpand
  suppress nocollapse nosideeffects preserve preserveTry export externs final define dict record struct unrestricted
  flow noflow format noformat prettier noprettier oncall emails generated partially-generated nolint lint-ignore-every
  providesModule typechecks preventMunge polyfill jsx jsxFrag jsxImportSource jsxRuntime
  jest-environment jest-environment-options jest-config-loader jest-config-loader-options jest-esm
  ts-check ts-nocheck ts-ignore ts-expect-error ts-jest vitest-environment vitest-environment-options
  eslint eslint-disable eslint-env eslint-plugin/rule swc babel pure __PURE__ istanbul c8 v8
  test tests testId tag tags suite spec epic story severity owner issue tms allure smoke slow fast flaky skip only
  component screen page level layer scope area team squad ticket jira bug fixes revision rev id date created modified
  locked lockfile link look block clock exclude inclusive future operator features-file cpu-profile
  hardware/driver scope/package react/jsx min max host batch size sizes time memoize optimal preferred prefer
`
  .trim()
  .split(/\s+/);

test.each(others)('@%s belongs to somebody else', (name) => expect(unknownPragma(name)).toBeUndefined());

test('the message lists every pragma', () => {
  const expected = unknownPragma('hardwares')?.expected ?? '';
  for (const name of pragmaNames) expect(expected).toContain(`@${name}`);
});
