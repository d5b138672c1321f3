import type { QuerySite } from '../ir';
import type { SyntaxNode } from '../syntax';
import type { RenderIr } from '../templateIr';
import { readDict } from './objects';
import type { Outline } from './outline';
import type { Scopes } from './scopes';
import { stepsOf } from './steps';
import { argumentNodes, argumentsOf, calleeName, literalValue, parts, receiverOf, spanOf, unwrap } from './syntaxTools';
import { templateNames, valuesOf, type RenderSources } from './contextValues';
import { viewRender } from './viewClasses';

const marks = /\brender(?:_template|_to_string)?\(|TemplateResponse\(|stream_template\(|(?:List|Detail|Template|Update|Delete)View\b|\btemplate_name\b/;
const renderers = /^(render|render_to_string|render_template|stream_template|TemplateResponse|SimpleTemplateResponse|render_block_to_string)$/;

export const rendersTemplates = (text: string): boolean => marks.test(text);

/** What values of the file are looked up with. */
export function renderSources(uri: string, outline: Outline, scopes: Scopes, sites: readonly QuerySite[]): RenderSources {
  const bySpan = new Map(sites.map((site) => [`${site.span.start}:${site.span.end}`, site]));
  const byCall = new Map(sites.flatMap((site): [number, QuerySite][] => (site.callId === undefined ? [] : [[site.callId, site]])));
  const siteAt = (node: SyntaxNode): QuerySite | undefined => bySpan.get(`${node.startIndex}:${node.endIndex}`) ?? byCall.get(outline.callId(node) ?? -1);
  return { uri, outline, scopes, siteAt };
}

/** Where a file fills templates, with the values of their contexts that queries give. */
export function readRenders(text: string, sources: RenderSources): readonly RenderIr[] {
  const { outline } = sources;
  return !rendersTemplates(text) ? [] : [...outline.calls.flatMap((call) => renderOf(call, sources) ?? []), ...outline.classes.flatMap((node) => viewRender(node, sources) ?? [])];
}

function renderOf(call: SyntaxNode, sources: RenderSources): RenderIr | undefined {
  const { scopes } = sources;
  const callee = calleeName(call);
  const name = callee?.text ?? '';
  if (!callee || !renderers.test(name)) return undefined;
  const { positional, keyword } = argumentsOf(call);
  const loaded = name === 'render' ? loadedTemplate(receiverOf(call), scopes) : undefined;
  const named = loaded ? undefined : [...positional, ...(keyword.has('template_name') ? [keyword.get('template_name')!] : []), ...(keyword.has('name') ? [keyword.get('name')!] : [])].find((node) => templateNames(node, scopes).length > 0);
  const templates = templateNames(loaded ?? named, scopes);
  if (templates.length === 0) return undefined;
  const given = keyword.get('context') ?? positional.find((node) => node !== named && isDict(node, scopes));
  const context = given && readDict(given, scopes);
  const direct = /template$/.test(name) || loaded ? [...keyword].filter(([key]) => key !== 'context') : [];
  // `render_template('x.html', **context)`
  const spread = argumentNodes(call).flatMap((node) => (node.type === 'dictionary_splat' ? parts(node).slice(0, 1) : [])).flatMap((node) => readDict(node, scopes)?.entries ?? []);
  const entries = [...[...(context?.entries ?? []), ...spread].map(({ key, value }) => [key, value] as const), ...direct];
  return { templates, span: spanOf(callee), values: valuesOf(entries, sources) };
}

const isDict = (node: SyntaxNode, scopes: Scopes): boolean => /^(dictionary|identifier|call|binary_operator)$/.test(unwrap(node).type) && literalValue(node) === undefined && readDict(node, scopes) !== undefined;

/** `get_template('x.html')` of `env.get_template('x.html').render(…)`, also through a variable. */
function loadedTemplate(receiver: SyntaxNode | undefined, scopes: Scopes): SyntaxNode | undefined {
  let node = receiver && unwrap(receiver);
  if (node?.type === 'identifier') {
    const steps = stepsOf(node.text, node, scopes) ?? [];
    node = steps.length === 1 && steps[0]?.binding.value ? unwrap(steps[0].binding.value) : undefined;
  }
  return node?.type === 'call' && /^(get_template|select_template|get_or_select_template)$/.test(calleeName(node)?.text ?? '') ? argumentsOf(node).positional[0] : undefined;
}
