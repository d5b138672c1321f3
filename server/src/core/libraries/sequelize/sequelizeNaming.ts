/** The rules of `inflection`, by which Sequelize names tables; in its order, the first that matches counts. */
const uncountable = new Set((
  'accommodation adulthood advertising advice aggression aid air aircraft alcohol anger applause arithmetic assistance athletics bacon baggage beef biology blood botany bread butter carbon cardboard cash chalk chaos ' +
  'chess crossroads countryside dancing deer dignity dirt dust economics education electricity engineering enjoyment envy equipment ethics evidence evolution fame fiction flour flu food fuel fun furniture gallows garbage ' +
  'garlic genetics gold golf gossip gratitude grief guilt gymnastics happiness hardware harm hate hatred health heat help homework honesty honey hospitality housework humour hunger hydrogen ice importance inflation ' +
  'information innocence iron irony jam jewelry judo karate knowledge lack laughter lava leather leisure lightning linguine linguini linguistics literature litter livestock logic loneliness luck luggage macaroni machinery ' +
  'magic management mankind marble mathematics mayonnaise measles methane milk minus money mud music mumps nature news nitrogen nonsense nurture nutrition obedience obesity oxygen pasta patience physics poetry pollution ' +
  'poverty pride psychology publicity punctuation quartz racism relaxation reliability research respect revenge rice rubbish rum safety scenery seafood seaside series shame sheep shopping sleep smoke smoking snow soap ' +
  'software soil spaghetti species steam stuff stupidity sunshine symmetry tennis thirst thunder timber traffic transportation trust underwear unemployment unity validity veal vegetation vegetarianism vengeance violence ' +
  'vitality warmth wealth weather welfare wheat wildlife wisdom yoga zinc zoology'
).split(' '));

/** Plurals already: they stay. */
const plural = /^(m|wom)en$|(pe)ople$|(child)ren$|([ti])a$|((a)naly|(b)a|(d)iagno|(p)arenthe|(p)rogno|(s)ynop|(t)he)ses$|(database)s$|(drive)s$|(hi|ti)ves$|(curve)s$|([lr])ves$|([^fo])ves$|([^aeiouy]|qu)ies$|(s)eries$|(m)ovies$|(x|ch|ss|sh)es$|([m|l])ice$|(bus)es$|(o)es$|(shoe)s$|(cris|ax|test)es$|(octop|vir)uses$|(alias|canvas|status|campus)es$|^(summons|bonus)es$|^(ox)en|(matr)ices$|^feet$|^teeth$|^geese$|(quiz)zes$|^(whereas)es$|^(criteri)a$|^genera$/i;

const rules: readonly (readonly [RegExp, string])[] = [
  [/^(m|wom)an$/gi, '$1en'], [/(pe)rson$/gi, '$1ople'], [/(child)$/gi, '$1ren'], [/(drive)$/gi, '$1s'], [/^(ox)$/gi, '$1en'], [/(ax|test)is$/gi, '$1es'], [/(octop|vir)us$/gi, '$1uses'],
  [/(alias|status|canvas|campus)$/gi, '$1es'], [/^(summons|bonus)$/gi, '$1es'], [/(bu)s$/gi, '$1ses'], [/(buffal|tomat|potat)o$/gi, '$1oes'], [/([ti])um$/gi, '$1a'], [/sis$/gi, 'ses'],
  [/(?:([^f])fe|([lr])f)$/gi, '$1$2ves'], [/(hi|ti)ve$/gi, '$1ves'], [/([^aeiouy]|qu)y$/gi, '$1ies'], [/(matr)ix$/gi, '$1ices'], [/(vert|ind)ex$/gi, '$1ices'], [/(x|ch|ss|sh)$/gi, '$1es'],
  [/([m|l])ouse$/gi, '$1ice'], [/^foot$/gi, 'feet'], [/^tooth$/gi, 'teeth'], [/^goose$/gi, 'geese'], [/(quiz)$/gi, '$1zes'], [/^(whereas)$/gi, '$1es'], [/^(criteri)on$/gi, '$1a'], [/^genus$/gi, 'genera'],
  [/s$/gi, 's'], [/$/gi, 's'],
];

/** `Person` → `People`, as Sequelize's `Utils.pluralize`. */
export function pluralize(name: string): string {
  if (uncountable.has(name.toLowerCase()) || plural.test(name)) return name;
  const rule = rules.find(([pattern]) => new RegExp(pattern.source, 'i').test(name));
  return rule ? name.replace(rule[0], rule[1]) : name;
}

const singulars: readonly (readonly [RegExp, string])[] = [
  [/^(m|wom)en$/i, '$1an'], [/(pe)ople$/i, '$1rson'], [/(child)ren$/i, '$1'], [/(database)s$/i, '$1'], [/(drive)s$/i, '$1'], [/([ti])a$/i, '$1um'], [/(analy|ba|diagno|parenthe|progno|synop|the)ses$/i, '$1sis'],
  [/(hi|ti)ves$/i, '$1ve'], [/(curve)s$/i, '$1'], [/([lr])ves$/i, '$1f'], [/([a])ves$/i, '$1ve'], [/([^fo])ves$/i, '$1fe'], [/(m)ovies$/i, '$1ovie'], [/([^aeiouy]|qu)ies$/i, '$1y'], [/(s)eries$/i, '$1eries'],
  [/(x|ch|ss|sh)es$/i, '$1'], [/([m|l])ice$/i, '$1ouse'], [/(bus)es$/i, '$1'], [/(o)es$/i, '$1'], [/(shoe)s$/i, '$1'], [/(cris|ax|test)es$/i, '$1is'], [/(octop|vir)uses$/i, '$1us'], [/(alias|canvas|status|campus)es$/i, '$1'],
  [/(matr)ices$/i, '$1ix'], [/(vert|ind)ices$/i, '$1ex'], [/^feet$/i, 'foot'], [/^teeth$/i, 'tooth'], [/^geese$/i, 'goose'], [/(quiz)zes$/i, '$1'], [/ss$/i, 'ss'], [/s$/i, ''],
];

/** `Posts` → `Post`. */
export function singularize(name: string): string {
  if (uncountable.has(name.toLowerCase())) return name;
  const rule = singulars.find(([pattern]) => pattern.test(name));
  return rule ? name.replace(rule[0], rule[1]) : name;
}

/** `createdAt` → `created_at`, as Sequelize's `Utils.underscore`. */
export const underscore = (name: string): string => name.replaceAll(/([A-Z])/g, '_$1').replace(/^_/, '').toLowerCase();

export const underscoredIf = (name: string, condition: boolean): string => (condition ? underscore(name) : name);

/** `posts`, `Posts` → `userPosts`: how two words are put together for a key. */
export const camelize = (name: string): string => name.trim().replaceAll(/[-_\s]+(.)?/g, (_, letter: string | undefined) => letter?.toUpperCase() ?? '');
