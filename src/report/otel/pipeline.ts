import type { Environment } from './settings.js';
import { type Attributes, attributesOf } from './span.js';

/** Variables of CI services, by the first of each, which tells that it is this service. */
const services = [
  // https://docs.github.com/actions/reference/workflows-and-actions/variables
  { run: 'GITHUB_RUN_ID', name: 'GITHUB_WORKFLOW', task: 'GITHUB_JOB' },
  // https://docs.gitlab.com/ci/variables/predefined_variables/
  {
    run: 'CI_PIPELINE_ID',
    name: 'CI_PROJECT_PATH',
    url: 'CI_PIPELINE_URL',
    task: 'CI_JOB_NAME',
    taskRun: 'CI_JOB_ID',
    taskUrl: 'CI_JOB_URL',
  },
  // https://buildkite.com/docs/pipelines/configure/environment-variables
  {
    run: 'BUILDKITE_BUILD_ID',
    name: 'BUILDKITE_PIPELINE_SLUG',
    url: 'BUILDKITE_BUILD_URL',
    task: 'BUILDKITE_LABEL',
    taskRun: 'BUILDKITE_JOB_ID',
  },
  // https://circleci.com/docs/reference/variables/
  {
    run: 'CIRCLE_WORKFLOW_ID',
    name: 'CIRCLE_PROJECT_REPONAME',
    task: 'CIRCLE_JOB',
    taskRun: 'CIRCLE_WORKFLOW_JOB_ID',
    taskUrl: 'CIRCLE_BUILD_URL',
  },
  // https://learn.microsoft.com/azure/devops/pipelines/build/variables
  {
    run: 'BUILD_BUILDID',
    name: 'BUILD_DEFINITIONNAME',
    task: 'SYSTEM_JOBDISPLAYNAME',
    taskRun: 'SYSTEM_JOBID',
  },
  // https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/
  { run: 'BITBUCKET_PIPELINE_UUID', name: 'BITBUCKET_REPO_FULL_NAME', taskRun: 'BITBUCKET_STEP_UUID' },
] as const satisfies readonly ({ readonly run: string } & Partial<Record<string, string>>)[];

/** The run and the job of the CI service, as `cicd.pipeline.…`; nothing outside of these services. */
export function pipelineAttributes(env: Environment): Attributes {
  const service: Partial<Record<string, string>> | undefined = services.find(({ run }) => env[run]);
  const read = (part: string) => env[service?.[part] ?? ''] || undefined;
  return attributesOf({
    'cicd.pipeline.name': read('name'),
    'cicd.pipeline.run.id': read('run'),
    'cicd.pipeline.run.url.full': read('url') ?? githubUrl(env),
    'cicd.pipeline.task.name': read('task'),
    'cicd.pipeline.task.run.id': read('taskRun'),
    'cicd.pipeline.task.run.url.full': read('taskUrl'),
  });
}

function githubUrl(env: Environment): string | undefined {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = env;
  return server && repository && run ? `${server}/${repository}/actions/runs/${run}` : undefined;
}
