# Runs `A.new.run(…)` of files with the installed ActiveRecord; prints what they put out and how many statements they sent, as JSON.
begin
  require 'active_record'
  require 'pg'
rescue LoadError
  exit 3
end
require 'json'
require 'stringio'

text = $stdin.read
exit 0 if text.empty?
input = JSON.parse(text)
ActiveRecord::Base.establish_connection(input['url'])
sent = 0
ActiveSupport::Notifications.subscribe('sql.active_record') { |_, _, _, _, payload| sent += 1 unless %w[SCHEMA TRANSACTION].include?(payload[:name]) }
results = input['codes'].each_with_index.map do |code, at|
  space = Module.new
  Object.const_set("Case#{at}", space)
  space.const_set(:ApplicationRecord, Class.new(ActiveRecord::Base) { self.abstract_class = true })
  space.define_singleton_method(:table_name_prefix) { '' }
  space.module_eval(code)
  if input['walk']
    page = space::A.new
    keyword = page.method(:page).parameters.first.first == :key ? page.method(:page).parameters.first.last : nil
    seen = []
    after = nil
    40.times do |turn|
      first = input['walk'][at] == 'after' ? after : turn * 4
      rows = keyword ? page.page(keyword => first) : page.page(first)
      break if rows.empty?

      seen << rows.map(&:id)
      after = rows.last
    end
    next { output: JSON.generate(seen), error: nil, sent: 0 }
  end
  posts = space::Post.order(:id).load
  sent = 0
  put = StringIO.new
  $stdout = put
  error = nil
  begin
    space::A.new.run([1, 2, 2, 9], %w[a b], posts)
  rescue ActiveRecord::ActiveRecordError, NoMethodError => e
    error = e.class.name
  end
  $stdout = STDOUT
  { output: put.string, error: error, sent: sent }
end
puts JSON.generate(results)
