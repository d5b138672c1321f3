import type { ModelIr, QuerySite } from '../../hosts/ir';
import { callParts, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostContext } from '../adapter';
import { constantText } from '../shared/hostValues';
import { rowSource } from '../shared/rowSource';

export interface ModelReceiver {
  readonly confidence: QuerySite['confidence'];
  /** Undefined: a model of Sequelize whose declaration is not known. */
  readonly model?: ModelIr;
  /** Named scopes add conditions. */
  readonly scoped: boolean;
}

/** Finders that no other library has. */
const own = /^(findByPk|findAndCountAll|findAll|findOrCreate|findOrBuild|findCreateFind|bulkCreate|findAllInBatches)$/;
const foreignModules = /^(mongoose|typeorm|@mikro-orm|@prisma|drizzle-orm|objection|knex|mongodb)/;

/** A model by its name, or by the variable that holds it. */
export function findSequelizeModel(name: string, context: HostContext): ModelIr | undefined {
  const found = context.model(name, 'sequelize');
  return found?.table === '' ? (found.inherits?.[0] === undefined ? undefined : context.model(found.inherits[0], 'sequelize')) : found;
}

/** @returns undefined when the expression is no model of Sequelize, or nothing tells. */
export function modelReceiver(written: SyntaxNode, method: string, context: HostContext, hops = 0): ModelReceiver | undefined {
  const node = unwrap(written, true);
  if (hops > 6) return undefined;
  const call = node.type === 'call_expression' ? callParts(node) : undefined;
  if (call) {
    const name = call.callee.type === 'member_expression' ? call.callee.childForFieldName('property')?.text : call.callee.text;
    const object = call.callee.childForFieldName('object');
    if (name === 'scope' || name === 'unscoped' || name === 'schema') {
      const inner = object ? modelReceiver(object, method, context, hops + 1) : undefined;
      return inner && { ...inner, scoped: name === 'scope' || (name === 'schema' && inner.scoped) };
    }
    const first = call.args[0];
    const named = first && ((name === 'model' && constantText(first, context)) || (name === 'getRepository' && first.text));
    const model = named ? findSequelizeModel(named, context) : undefined;
    return model && receiver(model);
  }
  if (node.type !== 'identifier' && node.type !== 'member_expression') return undefined;
  const origin = context.origin(node);
  const type = origin.kind === 'field' ? (origin.path.length === 1 ? origin.type : undefined) : origin.kind === 'parameter' && origin.path.length === 0 ? origin.type : undefined;
  if (type !== undefined) {
    const named = /^typeof\s+(\w+)$|^(?:ModelStatic|ModelCtor|ModelType|Repository|NonAbstractClass|Sequelize\.ModelStatic)<\s*(?:typeof\s+)?(\w+)/.exec(type);
    const model = findSequelizeModel(named?.[1] ?? named?.[2] ?? '', context);
    return model && receiver(model);
  }
  if (origin.kind === 'import' && foreignModules.test(origin.module)) return undefined;
  if (origin.kind === 'call' && origin.callee.at(-1) === 'define') {
    const first = callParts(origin.node)?.args[0];
    const model = first ? findSequelizeModel(constantText(first, context) ?? '', context) : undefined;
    return model && receiver(model, 'proved');
  }
  const name = node.type === 'identifier' ? (origin.kind === 'import' && origin.path.length > 0 ? origin.path.at(-1) ?? node.text : node.text) : node.childForFieldName('property')?.text ?? '';
  const model = /^[A-Z]/.test(name) || node.type === 'member_expression' ? findSequelizeModel(name, context) : undefined;
  if (model) return receiver(model);
  const container = node.type === 'member_expression' ? context.path(node)?.at(-2) ?? '' : '';
  const isModel = /^[A-Z]\w*[a-z]\w*$/.test(name) && (node.type === 'identifier' || /^_?(models|db|sequelize)$/.test(container));
  return own.test(method) && isModel ? { confidence: 'typed', scoped: false } : undefined;
}

const receiver = (model: ModelIr, confidence: QuerySite['confidence'] = 'typed'): ModelReceiver => ({ confidence, model, scoped: model.scoped ?? false });

const givesOne = /^(findOne|findByPk|create|build|findOrCreate|findOrBuild|findCreateFind)$/;
const givesMany = /^(findAll|bulkCreate|findAndCountAll)$/;

/** Model of a row that the file got from Sequelize: a result, an element of a list of results, a parameter of the class. */
export function instanceModel(written: SyntaxNode, context: HostContext): ModelIr | undefined {
  const source = rowSource(written, context);
  if (source?.kind !== 'call') return source && /^\w+$/.test(source.type) ? findSequelizeModel(source.type, context) ?? findSequelizeModel(source.type.replace(/Instance$/, ''), context) : undefined;
  const parts = callParts(source.call);
  const method = parts?.callee.childForFieldName('property')?.text ?? '';
  const object = parts?.callee.childForFieldName('object');
  if (!object || !(source.many ? givesMany : givesOne).test(method)) return undefined;
  if (source.path.length > 0 && source.path.join() !== 'rows' && !(source.path.join() === '0' && /^findOr/.test(method))) return undefined;
  return modelReceiver(object, method, context)?.model;
}

/** The connection: `sequelize`, `this.sequelize`, `models.sequelize`, `User.sequelize`, or by its type. */
export function isConnection(node: SyntaxNode, context: HostContext): QuerySite['confidence'] | undefined {
  const origin = context.origin(unwrap(node));
  if (origin.kind === 'construct' && /^(Sequelize)$/.test(origin.callee.at(-1) ?? '')) return 'proved';
  const type = origin.kind === 'field' || origin.kind === 'parameter' ? origin.type : undefined;
  if (type !== undefined && /^(?:\w+\.)?Sequelize$/.test(type) && (origin.kind !== 'parameter' || origin.path.length === 0)) return 'typed';
  return /^_?(sequelize|sequelizeInstance)$/i.test(context.path(unwrap(node))?.at(-1) ?? '') ? 'typed' : undefined;
}
