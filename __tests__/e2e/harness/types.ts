import { join } from 'node:path';
import ts from 'typescript';
import type { Project } from './project.js';

/**
 * What the compiler says about a project's TypeScript files and about our own declarations, by its tsconfig.json.
 * Other packages' declarations are not ours to check, and take most of the time.
 */
export function typeErrors(project: Project): readonly string[] {
  const path = join(project.directory, 'tsconfig.json');
  const { config } = ts.readConfigFile(path, ts.sys.readFile);
  const { options, fileNames, errors } = ts.parseJsonConfigFileContent(config, ts.sys, project.directory);
  const program = ts.createProgram(fileNames, options, hostFor(options));
  const ours = program
    .getSourceFiles()
    .filter(
      ({ fileName }) => fileNames.includes(fileName) || fileName.includes('/jest-runner-hardware/dist/'),
    );
  const diagnostics = [
    ...errors,
    ...program.getOptionsDiagnostics(),
    ...ours.flatMap((file) => [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ]),
  ];
  return diagnostics.map(({ file, messageText }) => {
    const name = file?.fileName.replace(/.*\/(projects\/[^/]+|node_modules)\//, '') ?? 'tsconfig.json';
    return `${name}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

/** Declarations of the language and of packages are parsed once for all projects: they take most of the time. */
function hostFor(options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  return {
    ...host,
    getSourceFile: (fileName, how, ...more) => {
      if (!fileName.includes('/node_modules/')) return host.getSourceFile(fileName, how, ...more);
      const key = `${fileName} ${JSON.stringify(how)}`;
      if (!parsed.has(key)) parsed.set(key, host.getSourceFile(fileName, how, ...more));
      return parsed.get(key);
    },
  };
}

const parsed = new Map<string, ts.SourceFile | undefined>();
