<?php
// Runs `(new App\Models\A)->run(…)` of a file with the installed Illuminate; prints what it echoes and the statements it sent, as JSON.
error_reporting(E_ALL & ~E_DEPRECATED);
foreach (['Database', 'Events'] as $part) if (!(@include_once "Illuminate/$part/autoload.php")) exit(3);
if (!extension_loaded('pdo_pgsql')) exit(3);
$input = json_decode(stream_get_contents(STDIN), true);
if ($input === null) exit(0);
$url = parse_url($input['url']);
$manager = new Illuminate\Database\Capsule\Manager();
$manager->addConnection(['driver' => 'pgsql', 'host' => $url['host'], 'port' => $url['port'], 'database' => ltrim($url['path'], '/'), 'username' => $url['user'], 'password' => $url['pass'], 'charset' => 'utf8']);
$manager->setAsGlobal();
$manager->setEventDispatcher(new Illuminate\Events\Dispatcher());
$manager->bootEloquent();
class_alias(Illuminate\Database\Capsule\Manager::class, 'Illuminate\Support\Facades\DB');
$results = [];
foreach ($input['codes'] as $at => $code) {
    eval('?>' . str_replace('namespace App\Models;', "namespace App\\Models\\Case$at;", $code));
    if (isset($input['walk'])) {
        $page = new ("App\\Models\\Case$at\\A");
        $keyword = fn ($method) => (new ReflectionMethod($page, $method))->getNumberOfParameters();
        $seen = [];
        for ($turn = 0, $after = null; $turn < 40; $turn++) {
            $first = $input['walk'][$at] === 'after' ? $after : ($input['walk'][$at] === 'page' ? $turn : $turn * 4);
            $argument = is_object($first) && !str_contains($code, 'object $after') ? $first->id : $first;
            $rows = $page->page(...($keyword('page') > 1 ? [4, $argument] : [$argument]));
            $rows = is_array($rows) ? $rows : $rows->all();
            if ($rows === []) break;
            $seen[] = array_map(fn ($row) => $row->id, $rows);
            $after = end($rows);
        }
        $results[] = ['output' => json_encode($seen), 'error' => null, 'sent' => 0];
        continue;
    }
    $model = "App\\Models\\Case$at\\Post";
    $connection = $manager->getConnection();
    $connection->beginTransaction();
    $posts = $model::orderBy('id')->get();
    $connection->flushQueryLog();
    $connection->enableQueryLog();
    ob_start();
    $error = null;
    try {
        (new ("App\\Models\\Case$at\\A"))->run([1, 2, 2, 9], [['id' => 1], ['id' => 2]], $posts, $posts);
    } catch (Throwable $thrown) {
        $error = get_class($thrown);
    }
    $output = ob_get_clean();
    $sent = count($connection->getQueryLog());
    $state = $connection->select('SELECT order_id, kind FROM seen ORDER BY 1, 2');
    $connection->rollBack();
    $results[] = ['output' => $output, 'error' => $error, 'sent' => $sent, 'state' => $state];
}
echo json_encode($results);
