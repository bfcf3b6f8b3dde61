/** Finds what the source of a registered algorithm says: its module comment, its options, its docstring. */
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { root } from "../page.ts";
import { type ModuleComment, moduleComment, splitCost, splitDefault } from "./comments.ts";

const library = join(root, "packages/unspool/src");

/** An option as its interface documents it. */
export interface OptionDoc {
  /** With the option that holds it: `adaptive.low`. */
  name: string;
  type: string;
  meaning: string;
  /** The default that the comment states, if it states one as a value. */
  said: string | undefined;
  /** What the comment says about the default in words. */
  remark: string | undefined;
  isOptional: boolean;
}

/** All that is written about one algorithm. */
export interface AlgorithmDoc extends Pick<ModuleComment, "prose" | "equations" | "papers"> {
  /** Path from the root. */
  file: string;
  /** The docstring without cost and example. */
  purpose: string;
  cost: string | undefined;
  example: string | undefined;
  options: OptionDoc[];
  /** Whether the last parameter is a record that the library calls options. */
  hasOptions: boolean;
}

export type Documented = (registry: string, name: string) => AlgorithmDoc | undefined;

/** Reads the docs of the factory that a registry file imports under a name. */
export function documented(registries: readonly string[]): Documented {
  const program = programOf(registries);
  const checker = program.getTypeChecker();
  return (registry, name) => {
    const factory = importedFunction(program.getSourceFile(registry)!, name, checker);
    return factory && describe(factory, checker);
  };
}

/** The docs of the functions that a room's index file exports, in its order; those of a namespace as `namespace.name`. */
export function documentedExports(index: string): { name: string; doc: AlgorithmDoc }[] {
  const program = programOf([index]);
  const checker = program.getTypeChecker();
  const functionsOf = (file: ts.SourceFile, prefix: string): { name: string; doc: AlgorithmDoc }[] =>
    file.statements.flatMap((statement) => {
      if (ts.isFunctionDeclaration(statement) && isExported(statement))
        return [{ name: prefix + statement.name!.text, doc: describe(statement, checker) }];
      if (!ts.isExportDeclaration(statement) || statement.exportClause === undefined) return [];
      const { exportClause, moduleSpecifier } = statement;
      if (ts.isNamespaceExport(exportClause)) {
        const module = checker.getSymbolAtLocation(moduleSpecifier!)!;
        const inner = module.declarations!.find(ts.isSourceFile)!;
        return functionsOf(inner, `${prefix}${exportClause.name.text}.`);
      }
      return exportClause.elements.flatMap((element) => {
        const symbol = checker.getAliasedSymbol(checker.getSymbolAtLocation(element.name)!);
        const factory = symbol.declarations?.find(ts.isFunctionDeclaration);
        const name = prefix + element.name.text;
        return factory === undefined ? [] : [{ name, doc: describe(factory, checker) }];
      });
    });
  return functionsOf(program.getSourceFile(index)!, "");
}

const isExported = ({ modifiers }: ts.FunctionDeclaration): boolean =>
  modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;

/** What the programs of several pages have in common is parsed once. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/** Only the shapes of option types are asked for: the smallest library will do, and errors are nobody's business. */
function programOf(files: readonly string[]): ts.Program {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ["lib.es5.d.ts"],
    types: [],
    noEmit: true,
    strict: true,
    allowImportingTsExtensions: true,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (path, ...how) => {
    if (!parsed.has(path)) parsed.set(path, getSourceFile(path, ...how));
    return parsed.get(path);
  };
  return ts.createProgram([...files], options, host);
}

function importedFunction(
  registry: ts.SourceFile,
  name: string,
  checker: ts.TypeChecker,
): ts.FunctionDeclaration | undefined {
  for (const statement of registry.statements) {
    const bindings = ts.isImportDeclaration(statement) ? statement.importClause?.namedBindings : undefined;
    if (bindings === undefined || !ts.isNamedImports(bindings)) continue;
    const found = bindings.elements.find((element) => element.name.text === name);
    if (found === undefined) continue;
    const symbol = checker.getAliasedSymbol(checker.getSymbolAtLocation(found.name)!);
    return symbol.declarations?.find(ts.isFunctionDeclaration);
  }
  return undefined;
}

function describe(factory: ts.FunctionDeclaration, checker: ts.TypeChecker): AlgorithmDoc {
  const source = factory.getSourceFile();
  const comment = moduleComment(source.text);
  const docs = ts.getJSDocCommentsAndTags(factory).filter(ts.isJSDoc);
  const said = docs.map(({ comment: text }) => ts.getTextOfJSDocComment(text) ?? "").join(" ");
  const example = ts.getJSDocTags(factory).find(({ tagName }) => tagName.text === "example");
  const parameter = factory.parameters.at(-1);
  return {
    file: relative(root, source.fileName),
    prose: comment.prose,
    equations: [
      ...comment.files.flatMap((file) => equationsOf(join(dirname(source.fileName), file))),
      ...comment.equations,
    ],
    papers: comment.papers,
    ...splitCost(said),
    example: example && ts.getTextOfJSDocComment(example.comment)?.trim(),
    hasOptions: /Options\b/.test(parameter?.type?.getText() ?? ""),
    options:
      parameter === undefined ? [] : optionsOf(checker.getTypeAtLocation(parameter), parameter, checker),
  };
}

function equationsOf(path: string): string[] {
  try {
    return moduleComment(readFileSync(path, "utf8")).equations;
  } catch {
    return [];
  }
}

/** The properties of an options type that are declared in the library; records of options one level down. */
function optionsOf(type: ts.Type, at: ts.Node, checker: ts.TypeChecker, prefix = ""): OptionDoc[] {
  return checker
    .getNonNullableType(type)
    .getProperties()
    .flatMap((property) => {
      const own = checker.getTypeOfSymbolAtLocation(property, at);
      const text = ts.displayPartsToString(property.getDocumentationComment(checker));
      const { meaning, value, remark } = splitDefault(text);
      const doc = {
        name: prefix + property.name,
        type: typeText(own, property, checker),
        meaning,
        said: value,
        remark,
        isOptional: (property.flags & ts.SymbolFlags.Optional) !== 0,
      };
      const nested = prefix === "" ? checker.getNonNullableType(own) : undefined;
      return [
        doc,
        ...(nested && isOptionRecord(nested) ? optionsOf(nested, at, checker, `${property.name}.`) : []),
      ];
    });
}

/** An interface of the library of which every property may be left out. */
function isOptionRecord(type: ts.Type): boolean {
  const isHere = type
    .getSymbol()
    ?.declarations?.some(
      (declaration) =>
        ts.isInterfaceDeclaration(declaration) && declaration.getSourceFile().fileName.includes(library),
    );
  const properties = type.getProperties();
  return (
    isHere === true &&
    properties.length > 0 &&
    properties.every(({ flags }) => (flags & ts.SymbolFlags.Optional) !== 0)
  );
}

/** The type as it is written in the interface. */
function typeText(type: ts.Type, property: ts.Symbol, checker: ts.TypeChecker): string {
  const declaration = property.declarations?.find(ts.isPropertySignature);
  const written = declaration?.type?.getText() ?? checker.typeToString(checker.getNonNullableType(type));
  return written.replace(/\s+/g, " ");
}
