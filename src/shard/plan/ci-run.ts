/** Which run of a CI service a shard belongs to. */
export interface CiRun {
  /** Equal over the attempts of its jobs: `GITHUB_RUN_ID 4711`. */
  readonly run: string;
  /** Left out when the service does not number attempts. */
  readonly attempt?: string;
}

/** Variables that stay the same when a job is run again (`run`), and those that change then (`attempt`). */
const services = [
  // https://docs.github.com/actions/reference/variables-reference
  { run: 'GITHUB_RUN_ID', attempt: 'GITHUB_RUN_ATTEMPT' },
  // https://docs.gitlab.com/ci/variables/predefined_variables/
  { run: 'CI_PIPELINE_ID' },
  // https://buildkite.com/docs/pipelines/environment-variables
  { run: 'BUILDKITE_BUILD_ID', attempt: 'BUILDKITE_RETRY_COUNT' },
  // https://circleci.com/docs/variables/
  { run: 'CIRCLE_WORKFLOW_WORKSPACE_ID' },
  // https://learn.microsoft.com/azure/devops/pipelines/build/variables
  { run: 'BUILD_BUILDID', attempt: 'SYSTEM_JOBATTEMPT' },
  // https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/
  { run: 'BITBUCKET_PIPELINE_UUID', attempt: 'BITBUCKET_STEP_RUN_NUMBER' },
] as const satisfies readonly { readonly run: string; readonly attempt?: string }[];

/** The run that environment variables name; undefined outside of these services. */
export function ciRunOf(env: Readonly<Record<string, string | undefined>>): CiRun | undefined {
  for (const service of services) {
    const id = env[service.run];
    if (!id) continue;
    const attempt = 'attempt' in service ? env[service.attempt] : undefined;
    return { run: `${service.run} ${id}`, ...(attempt && { attempt }) };
  }
  return undefined;
}
