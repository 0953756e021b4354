//! The crate's modules, read from its sources: what each declares, imports and names, and what a path leads to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use syn::buffer::{Cursor, TokenBuffer};
use syn::visit::Visit;
use syn::{Attribute, Expr, ExprLit, Item, ItemExternCrate, ItemFn, ItemMod, ItemUse, Lit, Macro, Meta, UseTree};

/// The segments of a path. An absolute one begins with `crate`, or with the name of another crate. As it is written,
/// one may also begin with `self`, `super`, a name in scope, or [`EXTERN`].
pub(super) type Segments = Vec<String>;

/// What a path begins with that is written with leading colons: the name of a crate follows.
const EXTERN: &str = "::";

/// Imports that name each other in a circle end here.
const SEGMENTS_MAX: usize = 24;

/// A path as a module names it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named {
    pub(super) segments: Segments,
    /// It is in the body of a server function.
    pub(super) in_server_function: bool,
}

/// What one module says.
#[derive(Default)]
pub(super) struct Module {
    pub(super) named: BTreeSet<Named>,
    children: BTreeSet<String>,
    /// The names that imports bind, with the path that each stands for.
    imports: Vec<(String, Segments)>,
    globs: Vec<Segments>,
}

/// All modules below the root that was read.
pub(super) struct Modules {
    all: BTreeMap<Segments, Module>,
    /// The crates that the manifest names, as sources spell them.
    crates: BTreeSet<String>,
    pub(super) files: BTreeSet<PathBuf>,
}

impl Modules {
    /// Reads the crate whose root is this file, by its `mod` lines. `text_of` reads a file, if there is one.
    pub(super) fn read(root: &Path, crates: BTreeSet<String>, text_of: &dyn Fn(&Path) -> Option<String>) -> Self {
        let mut modules = Self { all: BTreeMap::new(), crates, files: BTreeSet::new() };
        let mut waiting = vec![(vec!["crate".to_owned()], root.to_owned())];
        while let Some((module, file)) = waiting.pop() {
            let text = text_of(&file).unwrap_or_else(|| panic!("{} is declared, and missing", file.display()));
            let syntax = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let mut reader = Reader { modules: &mut modules.all, at: module, server_functions: 0, files: Vec::new() };
            reader.visit_file(&syntax);
            for (module, written) in reader.files {
                let path = locate(&file, &module, written.as_deref(), text_of);
                waiting.push((module, path));
            }
            modules.files.insert(file);
        }
        modules
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Segments, &Module)> {
        self.all.iter()
    }

    pub(super) fn is_module(&self, path: &[String]) -> bool {
        self.all.contains_key(path)
    }

    /// What a path leads to when this module names it, through all imports and re-exports on its way. A name that two
    /// imports bind (in two functions) leads to both; one that is neither in scope nor a crate leads nowhere.
    pub(super) fn resolve(&self, module: &[String], path: &[String]) -> BTreeSet<Segments> {
        let mut found = BTreeSet::new();
        self.follow(module, path, &mut Seen::new(), &mut found);
        found
    }

    /// Follows a path as it is written in a module. Returns whether it leads anywhere.
    fn follow(&self, module: &[String], path: &[String], seen: &mut Seen, found: &mut BTreeSet<Segments>) -> bool {
        let Some((first, rest)) = path.split_first() else { return false };
        if path.len() > SEGMENTS_MAX || !seen.insert((module.to_owned(), path.to_owned())) {
            return false;
        }
        match first.as_str() {
            "crate" => self.walk(&["crate".to_owned()], rest, seen, found),
            "self" => self.walk(module, rest, seen, found),
            "super" => self.walk(parent(module), rest, seen, found),
            EXTERN => found.insert(rest.to_owned()),
            // A name alone may be a variable's; an import of a crate alone begins with `EXTERN`.
            name => {
                self.members(module, path, seen, found)
                    || (!rest.is_empty() && self.crates.contains(name) && found.insert(path.to_owned()))
            }
        }
    }

    /// Goes on from what is already resolved.
    fn walk(&self, at: &[String], rest: &[String], seen: &mut Seen, found: &mut BTreeSet<Segments>) -> bool {
        match rest.split_first() {
            Some((first, rest)) if first == "self" => self.walk(at, rest, seen, found),
            Some((first, rest)) if first == "super" => self.walk(parent(at), rest, seen, found),
            Some((first, _)) if self.all.get(at).is_some_and(|module| module.children.contains(first)) => {
                self.members(at, rest, seen, found)
            }
            // An item or, with what it stands for, an import: both count, the door and what is behind it.
            _ => {
                self.members(at, rest, seen, found);
                found.insert([at, rest].concat());
                true
            }
        }
    }

    /// Follows a path that begins with a member of a module: another module or an import, not an item of its own.
    /// Returns whether it leads anywhere.
    fn members(&self, at: &[String], path: &[String], seen: &mut Seen, found: &mut BTreeSet<Segments>) -> bool {
        let (Some(module), Some((first, rest))) = (self.all.get(at), path.split_first()) else { return false };
        let mut leads = false;
        if module.children.contains(first) {
            leads = self.walk(&[at, std::slice::from_ref(first)].concat(), rest, seen, found);
        }
        for (_, target) in module.imports.iter().filter(|(name, _)| name == first) {
            // In `use text::text`, the first name is not the one that the import binds: it is the module or the crate.
            leads |= if target.len() > 1 && target[0] == *first {
                module.children.contains(first) || self.crates.contains(first) && found.insert([target, rest].concat())
            } else {
                self.follow(at, &[target, rest].concat(), seen, found)
            };
        }
        if leads {
            return true;
        }
        for glob in &module.globs {
            let mut sources = BTreeSet::new();
            self.follow(at, glob, &mut seen.clone(), &mut sources);
            for source in sources {
                leads |= seen.insert((source.clone(), path.to_owned())) && self.members(&source, path, seen, found);
            }
        }
        leads
    }
}

/// What was followed already, so that imports in a circle end.
type Seen = BTreeSet<(Segments, Segments)>;

fn parent(module: &[String]) -> &[String] {
    module.split_last().map_or(&[], |(_, before)| before)
}

/// Where a module's file is, by the rules of the language: `#[path]`, `name.rs` or `name/mod.rs`.
fn locate(
    parent: &Path,
    module: &[String],
    written: Option<&str>,
    text_of: &dyn Fn(&Path) -> Option<String>,
) -> PathBuf {
    let folder = parent.parent().unwrap();
    if let Some(written) = written {
        return folder.join(written);
    }
    let is_root = ["mod.rs", "lib.rs"].iter().any(|name| parent.ends_with(name));
    let folder = if is_root { folder.to_owned() } else { parent.with_extension("") };
    let name = module.last().unwrap();
    let file = folder.join(format!("{name}.rs"));
    if text_of(&file).is_some() { file } else { folder.join(name).join("mod.rs") }
}

/// Goes through one file.
struct Reader<'a> {
    modules: &'a mut BTreeMap<Segments, Module>,
    at: Segments,
    /// How many server functions are around this place.
    server_functions: usize,
    /// The modules that are files of their own, with their `#[path]`.
    files: Vec<(Segments, Option<String>)>,
}

impl Reader<'_> {
    fn module(&mut self) -> &mut Module {
        self.modules.entry(self.at.clone()).or_default()
    }

    fn name(&mut self, segments: Segments) {
        let in_server_function = self.server_functions > 0;
        self.module().named.insert(Named { segments, in_server_function });
    }

    fn import(&mut self, before: Segments, tree: &UseTree) {
        let join = |name: String| [before.as_slice(), &[name]].concat();
        match tree {
            UseTree::Path(path) => self.import(join(path.ident.to_string()), &path.tree),
            UseTree::Name(name) => {
                let path = if name.ident == "self" { before.clone() } else { join(name.ident.to_string()) };
                self.bind(path.last().unwrap().clone(), path);
            }
            UseTree::Rename(rename) => {
                let path = if rename.ident == "self" { before.clone() } else { join(rename.ident.to_string()) };
                self.bind(rename.rename.to_string(), path);
            }
            UseTree::Glob(_) => {
                self.name(before.clone());
                self.module().globs.push(before);
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(before.clone(), tree)),
        }
    }

    fn bind(&mut self, name: String, path: Segments) {
        self.name(path.clone());
        if let [only] = path.as_slice() {
            self.name(vec![EXTERN.to_owned(), only.clone()]);
        }
        self.module().imports.push((name, path));
    }

    /// Tokens that are not parsed, as those of `view!`: every run of names and `::` in them may be a path.
    fn scan(&mut self, tokens: TokenBuffer) {
        self.scan_at(tokens.begin(), &[]);
    }

    fn scan_at(&mut self, mut cursor: Cursor<'_>, before: &[String]) {
        while !cursor.eof() {
            if let Some((path, next)) = run(cursor) {
                let path = [before, &path].concat();
                if let Some((inside, _, _, next)) = colons(next).and_then(Cursor::any_group) {
                    self.scan_at(inside, &path);
                    cursor = next;
                } else {
                    self.name(path);
                    cursor = next;
                }
            } else if let Some((inside, _, _, next)) = cursor.any_group() {
                self.scan_at(inside, &[]);
                cursor = next;
            } else {
                let dollar = cursor.punct().is_some_and(|(punct, _)| punct.as_char() == '$');
                cursor = cursor.token_tree().unwrap().1;
                // In a macro's definition, `$name` is what the caller gave; `$crate` is this crate.
                if dollar && run(cursor).is_some_and(|(path, _)| path[0] != "crate") {
                    cursor = run(cursor).unwrap().1;
                }
            }
        }
    }
}

/// Names with colons between them, and what follows.
fn run(cursor: Cursor<'_>) -> Option<(Segments, Cursor<'_>)> {
    let mut path: Segments = colons(cursor).map(|_| EXTERN.to_owned()).into_iter().collect();
    let (first, mut cursor) = colons(cursor).unwrap_or(cursor).ident()?;
    path.push(first.to_string());
    while let Some((name, next)) = colons(cursor).and_then(Cursor::ident) {
        path.push(name.to_string());
        cursor = next;
    }
    Some((path, cursor))
}

/// What follows two colons, if they are here.
fn colons(cursor: Cursor<'_>) -> Option<Cursor<'_>> {
    fn colon(cursor: Cursor<'_>) -> Option<Cursor<'_>> {
        cursor.punct().filter(|(punct, _)| punct.as_char() == ':').map(|(_, next)| next)
    }
    colon(colon(cursor)?)
}

fn is_server_function(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().segments.last().is_some_and(|last| last.ident == "server"))
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_file(&mut self, file: &'ast syn::File) {
        self.module();
        syn::visit::visit_file(self, file);
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        item.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        self.visit_visibility(&item.vis);
        let name = item.ident.to_string();
        self.module().children.insert(name.clone());
        self.at.push(name);
        self.module();
        if let Some((_, items)) = &item.content {
            items.iter().for_each(|item: &Item| self.visit_item(item));
        } else {
            let written = item.attrs.iter().find(|attribute| attribute.path().is_ident("path")).map(written);
            self.files.push((self.at.clone(), written));
        }
        self.at.pop();
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let before = item.leading_colon.as_ref().map(|_| EXTERN.to_owned()).into_iter().collect();
        self.import(before, &item.tree);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast ItemExternCrate) {
        let name = item.rename.as_ref().map_or(&item.ident, |(_, name)| name);
        self.bind(name.to_string(), vec![EXTERN.to_owned(), item.ident.to_string()]);
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        item.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        self.visit_visibility(&item.vis);
        self.visit_signature(&item.sig);
        let inside = usize::from(is_server_function(&item.attrs));
        self.server_functions += inside;
        self.visit_block(&item.block);
        self.server_functions -= inside;
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let colons = path.leading_colon.as_ref().map(|_| EXTERN.to_owned());
        self.name(colons.into_iter().chain(path.segments.iter().map(|segment| segment.ident.to_string())).collect());
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast Macro) {
        self.visit_path(&item.path);
        self.scan(TokenBuffer::new2(item.tokens.clone()));
    }

    /// What is in a derive, in the arguments of an attribute macro, and in texts such as `with = "crate::x"`.
    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        match &attribute.meta {
            Meta::Path(path) => self.visit_path(path),
            Meta::List(list) => {
                self.visit_path(&list.path);
                let texts = texts(TokenBuffer::new2(list.tokens.clone()).begin());
                texts.iter().filter_map(|text| syn::parse_str(text).ok()).for_each(|path| self.visit_path(&path));
                self.scan(TokenBuffer::new2(list.tokens.clone()));
            }
            Meta::NameValue(_) => {}
        }
    }
}

/// The text of an attribute such as `#[path = "…"]`.
fn written(attribute: &Attribute) -> String {
    match &attribute.meta {
        Meta::NameValue(meta) => match &meta.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => text.value(),
            _ => panic!("a path that is no text"),
        },
        _ => panic!("a path without a value"),
    }
}

/// All texts among tokens that are not in a group.
fn texts(mut cursor: Cursor<'_>) -> Vec<String> {
    let mut found = Vec::new();
    while !cursor.eof() {
        if let Some((literal, _)) = cursor.literal()
            && let Lit::Str(text) = Lit::new(literal)
        {
            found.push(text.value());
        }
        cursor = cursor.token_tree().map_or(cursor, |(_, next)| next);
    }
    found
}
