import { describe, expect, it } from 'vitest';
import { read } from './support';

const head = `from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


class BlogPost(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    org_id = db.Column(db.Integer, db.ForeignKey('org.id'))

    @classmethod
    def by_org(cls, org):
        return cls.query.filter(cls.org_id == org)


def run(org, page, a, b):
    `;
const columns = 'SELECT blog_post.id, blog_post.org_id FROM blog_post';

describe('Flask-SQLAlchemy', () => {
  it.each([
    ['BlogPost.query.filter_by(org_id=org).order_by(BlogPost.id).paginate(page=page, per_page=20)', `${columns} WHERE blog_post.org_id = $1 ORDER BY blog_post.id LIMIT $2 OFFSET $3`, 'BlogPost.query'],
    ['db.paginate(db.select(BlogPost).order_by(BlogPost.id), page=page)', `${columns} ORDER BY blog_post.id LIMIT $1 OFFSET $2`, 'db.select(BlogPost)'],
    ['BlogPost.query.filter_by(org_id=org)[a:b]', `${columns} WHERE blog_post.org_id = $1 LIMIT $2 OFFSET $3`, 'BlogPost.query'],
    ['BlogPost.by_org(org).all()', `${columns} WHERE blog_post.org_id = $1`, 'BlogPost.by_org(org).all'],
    ['db.session.execute(db.select(BlogPost).filter_by(org_id=org)).scalars().all()', `${columns} WHERE blog_post.org_id = $1`, 'db.select(BlogPost)'],
    ['db.get_or_404(BlogPost, page)', `${columns} WHERE blog_post.id = $1`, 'db.get_or_404'],
    ['BlogPost.query.get_or_404(page)', `${columns} WHERE blog_post.id = $1`, 'BlogPost.query'],
  ])('%s', (code, sql, anchor) => {
    const text = `${head}return ${code}\n`;
    const found = read(text).sites.filter((site) => site.executes === 'yes');
    expect(found.map((site) => site.source?.text)).toEqual([sql]);
    expect(found.map((site) => text.slice(site.anchor.start, site.anchor.end))).toEqual([anchor]);
  });

  it.each([
    ['db.session.execute(tags.select().where(tags.c.tag_id == org)).all()', 'SELECT tags.tag_id, tags.post_id FROM tags WHERE tags.tag_id = $1', 'tags.select()'],
    ['db.session.execute(tags.delete().where(tags.c.post_id == org))', 'DELETE FROM tags WHERE tags.post_id = $1', 'tags.delete()'],
    ['db.session.execute(tags.insert().values(tag_id=org, post_id=page))', 'INSERT INTO tags (tag_id, post_id) VALUES ($1, $2)', 'tags.insert()'],
  ])('a table of `db.Table`: %s', (code, sql, anchor) => {
    const text = `${head.replace('\n\n\nclass', "\ntags = db.Table('tags', db.Column('tag_id', db.Integer), db.Column('post_id', db.Integer))\n\n\nclass")}return ${code}\n`;
    const found = read(text).sites.filter((site) => site.executes === 'yes');
    expect(found.map((site) => [site.source?.text, text.slice(site.anchor.start, site.anchor.end)])).toEqual([[sql, anchor]]);
  });
});
