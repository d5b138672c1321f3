import type { DjangoClassIr, DjangoModelField } from '../../hosts/djangoIr';
import { hostSpan } from '../../text/span';

const nowhere = hostSpan(0, 0);
const plain = { null: false, unique: false, primary: false, span: nowhere } as const;
const text = (name: string, length: number, more: Partial<DjangoModelField> = {}): DjangoModelField => ({ ...plain, name, type: 'CharField', length, ...more });
const of = (name: string, type: string, more: Partial<DjangoModelField> = {}): DjangoModelField => ({ ...plain, name, type, ...more });

const permissions: readonly DjangoModelField[] = [
  of('is_superuser', 'BooleanField'),
  of('groups', 'ManyToManyField', { to: 'auth.Group', relatedName: 'user_set', relatedQueryName: 'user' }),
  of('user_permissions', 'ManyToManyField', { to: 'auth.Permission', relatedName: 'user_set', relatedQueryName: 'user' }),
];
const login: readonly DjangoModelField[] = [text('password', 128), of('last_login', 'DateTimeField', { null: true })];
const person: readonly DjangoModelField[] = [
  text('username', 150, { unique: true }), text('first_name', 150), text('last_name', 150), of('email', 'EmailField', { length: 254 }),
  of('is_staff', 'BooleanField'), of('is_active', 'BooleanField'), of('date_joined', 'DateTimeField'),
];
const times: readonly DjangoModelField[] = [of('created', 'DateTimeField'), of('modified', 'DateTimeField')];

/** Fields that abstract classes of Django's and of common packages bring, by class name. */
export const builtinBases: Readonly<Record<string, readonly DjangoModelField[]>> = {
  Model: [], AbstractBaseUser: login, PermissionsMixin: permissions, AbstractUser: [...login, ...permissions, ...person],
  TimeStampedModel: times, UUIDModel: [of('id', 'UUIDField', { primary: true })],
};

const builtin = (app: string, fields: readonly DjangoModelField[]): DjangoClassIr => ({
  kind: 'model', app, bases: ['Model'], abstract: false, fields: [of('id', 'AutoField', { primary: true }), ...fields], managers: [], methods: [],
});

/** Models that come with Django, by class name. */
export const builtinModels: Readonly<Record<string, DjangoClassIr>> = {
  User: builtin('auth', [...login, of('is_superuser', 'BooleanField'), ...person, ...permissions.slice(1)]),
  Group: builtin('auth', [text('name', 150, { unique: true }), of('permissions', 'ManyToManyField', { to: 'auth.Permission' })]),
  Permission: builtin('auth', [text('name', 255), of('content_type', 'ForeignKey', { to: 'contenttypes.ContentType' }), text('codename', 100)]),
  ContentType: { ...builtin('contenttypes', [text('app_label', 100), text('model', 100)]), options: { managed: true, proxy: false, table: 'django_content_type', uniqueTogether: [], indexTogether: [], indexes: [], constraints: [], inherits: false } },
  Site: { ...builtin('sites', [text('domain', 100, { unique: true }), text('name', 50)]), options: { managed: true, proxy: false, table: 'django_site', uniqueTogether: [], indexTogether: [], indexes: [], constraints: [], inherits: false } },
};
