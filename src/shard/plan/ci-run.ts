/** Which run of a CI service a shard belongs to. */
export interface CiRun {
  /** Equal over the attempts of its jobs: `GITHUB_RUN_ID 4711`. */
  readonly run: string;
  /** Left out where the service does not count. */
  readonly attempt?: string;
}

/** Variables that stay as they are when a job is run again, and those that then differ. */
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

/** The run that the variables of the environment name; undefined: none. */
export function ciRunOf(env: Readonly<Record<string, string | undefined>>): CiRun | undefined {
  for (const service of services) {
    const id = env[service.run];
    if (!id) continue;
    const attempt = 'attempt' in service ? env[service.attempt] : undefined;
    return { run: `${service.run} ${id}`, ...(attempt && { attempt }) };
  }
  return undefined;
}
