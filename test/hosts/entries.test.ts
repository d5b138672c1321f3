import { describe, expect, it } from 'vitest';
import { loadReaders } from '../support/readers';

async function functionsOf(code: string, language: 'typescript' | 'python'): Promise<Record<string, { entry?: string; background?: true; perObject?: string }>> {
  const { read } = await loadReaders();
  const file = read(`file:///workspace/src/case.${language === 'python' ? 'py' : 'ts'}`, code, language);
  return Object.fromEntries(file.functions.map(({ name, entry, background, perObject }, i) => [name || `#${i}`, { entry, background, perObject }]));
}

const firstEntry = async (code: string, language: 'typescript' | 'python' = 'typescript'): Promise<string | undefined> => Object.values(await functionsOf(code, language)).map((f) => f.entry).find((entry) => entry !== undefined);

describe('entry points of TypeScript', () => {
  it.each([
    ['Express', "app.get('/users/:id', async (req, res) => { res.json(req.params.id); });", 'route'],
    ['Express router with middleware', "router.post('/users', auth, async (req, res) => {});", 'route'],
    ['an Express handler by itself', 'export async function listUsers(req: Request, res: Response) {}', 'route'],
    ['Fastify', "fastify.get('/x', async (request, reply) => {});", 'route'],
    ['Fastify route object', "fastify.route({ method: 'GET', url: '/x', handler: async (request, reply) => {} });", 'route'],
    ['Koa', "router.get('/x', async (ctx) => {});", 'route'],
    ['Hono', "app.get('/x', async (c) => c.json({}));", 'route'],
    ['a Next route handler', 'export async function GET(request: NextRequest) {}', 'route'],
    ['a Next API page', 'export default async function handler(req: NextApiRequest, res: NextApiResponse) {}', 'route'],
    ['getServerSideProps', 'export const getServerSideProps = async ({ params }) => ({ props: {} });', 'route'],
    ['a server action', "'use server';\nexport async function save(form: FormData) {}", 'action'],
    ['Remix', 'export const loader = async ({ params }) => null;', 'route'],
    ['NestJS', "@Controller('x')\nclass X {\n  @Get(':id')\n  find(@Param('id') id: string) {}\n}", 'controller'],
    ['tRPC', 'export const r = router({ byId: protectedProcedure.input(z.string()).query(async ({ input }) => input) });', 'procedure'],
  ])('%s', async (_, code, expected) => expect(await firstEntry(code)).toBe(expected));
  it('an ordinary function is none', async () => {
    expect(await firstEntry('export function total(items: Item[], rate: number) { return items.map((item) => item.price * rate); }')).toBeUndefined();
    expect(await firstEntry("cache.get('key', (value) => value);")).toBeUndefined();
  });
});

describe('entry points of Python', () => {
  it.each([
    ['FastAPI', '@router.get("/users/{id}")\nasync def find(id: int):\n    pass\n', 'GET /users/{id}'],
    ['Flask', '@bp.route("/users")\ndef users():\n    pass\n', 'route /users'],
    ['a Django view', 'def users(request, pk):\n    pass\n', 'view'],
    ['a class-based view', 'class Users(ListView):\n    def get_queryset(self):\n        pass\n', 'view'],
    ['a DRF viewset', 'class Users(ModelViewSet):\n    def list(self, request):\n        pass\n', 'view'],
    ['Starlette', 'class Users(HTTPEndpoint):\n    async def get(self, request):\n        pass\n', 'view'],
    ['Strawberry', '@strawberry.type\nclass Query:\n    @strawberry.field\n    def users(self) -> list[User]:\n        pass\n', 'resolver'],
  ])('%s', async (_, code, expected) => expect(await firstEntry(code, 'python')).toBe(expected));
  it('an ordinary function is none', async () => expect(await firstEntry('def total(items, rate):\n    return sum(items) * rate\n', 'python')).toBeUndefined());
});

describe('what runs in the background', () => {
  it.each([
    ['a Bull processor', "@Processor('mail')\nclass Mail {\n  async process(job: Job) {}\n}", 'typescript'],
    ['a cron method', "class Mail {\n  @Cron('0 * * * *')\n  async send() {}\n}", 'typescript'],
    ['a BullMQ worker', "new Worker('mail', async (job) => {});", 'typescript'],
    ['pg-boss', "await boss.work('mail', async (jobs) => {});", 'typescript'],
    ['node-cron', "cron.schedule('* * * * *', async () => {});", 'typescript'],
    ['Graphile Worker', 'export const send: Task = async (payload, helpers) => {};', 'typescript'],
    ['Celery', '@shared_task\ndef send(mail_id):\n    pass\n', 'python'],
    ['a task of an app', '@app.task(bind=True)\ndef send(self, mail_id):\n    pass\n', 'python'],
    ['Dramatiq', '@dramatiq.actor\ndef send(mail_id):\n    pass\n', 'python'],
    ['APScheduler', '@scheduler.scheduled_job("interval", minutes=5)\ndef send():\n    pass\n', 'python'],
  ] as const)('%s', async (_, code, language) => expect(Object.values(await functionsOf(code, language)).some((f) => f.background)).toBe(true));
  it('a route does not', async () => {
    expect(Object.values(await functionsOf("app.get('/x', async (req, res) => {});", 'typescript')).some((f) => f.background)).toBe(false);
    expect(Object.values(await functionsOf('@router.get("/x")\ndef x():\n    pass\n', 'python')).some((f) => f.background)).toBe(false);
  });
});

describe('functions called once per object', () => {
  it.each([
    ['NestJS', '@Resolver(() => Post)\nclass R {\n  @ResolveField(() => User)\n  author(@Parent() post: Post) {}\n}', 'typescript', 'author', 'Post'],
    ['type-graphql', '@Resolver((of) => Recipe)\nclass R {\n  @FieldResolver()\n  rating(@Root() recipe: Recipe) {}\n}', 'typescript', 'rating', 'Recipe'],
    ['a resolver map', 'export const resolvers = { Query: { posts: () => [] }, Post: { author: (post) => post.author } };', 'typescript', 'author', 'Post'],
    ['typed resolvers of one type', 'export const post: PostResolvers = { author: (parent) => parent.author };', 'typescript', 'author', 'Post'],
    ['Pothos', "builder.objectType('Post', { fields: (t) => ({ author: t.field({ type: User, resolve: (post) => post.author }) }) });", 'typescript', 'resolve', 'Post'],
    ['graphql-js', "new GraphQLObjectType({ name: 'Post', fields: { author: { type: User, resolve: (post) => post.author } } });", 'typescript', 'resolve', 'Post'],
    ['Graphene', 'class PostType(DjangoObjectType):\n    def resolve_author(self, info):\n        pass\n', 'python', 'resolve_author', 'PostType'],
    ['Strawberry', '@strawberry.type\nclass Post:\n    @strawberry.field\n    def author(self) -> User:\n        pass\n', 'python', 'author', 'Post'],
    ['DRF', 'class PostSerializer(ModelSerializer):\n    likes = serializers.SerializerMethodField()\n\n    def get_likes(self, post):\n        pass\n', 'python', 'get_likes', 'PostSerializer'],
  ] as const)('%s', async (_, code, language, name, type) => expect((await functionsOf(code, language))[name]?.perObject).toBe(type));
  it.each([
    ['a query resolver', 'export const resolvers = { Query: { posts: () => [] }, Mutation: { add: () => 1 } };', 'typescript'],
    ['an object of handlers', 'export const handlers = { Click: { run: (event) => event } };', 'typescript'],
    ['a Pothos query', "builder.queryField('posts', (t) => t.field({ type: [Post], resolve: () => [] }));", 'typescript'],
    ['Graphene query', 'class Query(graphene.ObjectType):\n    def resolve_posts(self, info):\n        pass\n', 'python'],
    ['a getter of a serializer without a field', 'class PostSerializer(ModelSerializer):\n    def get_likes(self, post):\n        pass\n', 'python'],
  ] as const)('not %s', async (_, code, language) => expect(Object.values(await functionsOf(code, language)).map((f) => f.perObject).filter((t) => t !== undefined)).toEqual([]));
});
