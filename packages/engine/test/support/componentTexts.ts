/** Components for each corner of what can be inside of one, as text; all of them are valid. */
export const texts: ReadonlyMap<string, string> = new Map([
  [
    "lifting and lowering",
    `(component
      (import "log" (func $log (param "text" string)))
      (import "make" (func $make (result (list u8))))
      (core module $libc
        (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
        (func (export "post") (param i32)))
      (core instance $libc (instantiate $libc))
      (alias core export $libc "memory" (core memory $memory))
      (alias core export $libc "realloc" (core func $realloc))
      (core func $log' (canon lower (func $log) (memory $memory) string-encoding=utf16))
      (core func $make' (canon lower (func $make) (memory $memory) (realloc $realloc)))
      (core module $main
        (import "libc" "memory" (memory 1))
        (import "host" "log" (func (param i32 i32)))
        (import "host" "make" (func (param i32)))
        (func (export "echo") (param i32 i32) (result i32) unreachable)
        (func (export "add") (param i32 i64) (result f64) unreachable)
        (func (export "many") (param i32) (result i32) unreachable))
      (core instance $main (instantiate $main
        (with "libc" (instance $libc))
        (with "host" (instance (export "log" (func $log')) (export "make" (func $make'))))))
      (func (export "echo") (param "text" string) (result string)
        (canon lift (core func $main "echo") (memory $memory) (realloc $realloc) (post-return (core func $libc "post"))))
      (func (export "add") (param "a" s8) (param "b" u64) (result f64) (canon lift (core func $main "add")))
      (type $four (tuple u8 u8 u8 u8))
      (func (export "many") (param "a" (tuple $four $four $four $four u8)) (result (tuple u8 u8))
        (canon lift (core func $main "many") (memory $memory) (realloc $realloc))))`
  ],
  [
    "a resource",
    `(component
      (core module $destroy (func (export "drop") (param i32)))
      (core instance $destroy (instantiate $destroy))
      (type $r (resource (rep i32) (dtor (core func $destroy "drop"))))
      (core func $new (canon resource.new $r))
      (core func $rep (canon resource.rep $r))
      (core func $drop (canon resource.drop $r))
      (core module $main
        (import "r" "new" (func $new (param i32) (result i32)))
        (import "r" "rep" (func (param i32) (result i32)))
        (import "r" "drop" (func (param i32)))
        (func (export "make") (result i32) (call $new (i32.const 1)))
        (func (export "look") (param i32) (result i32) (i32.const 1)))
      (core instance $main (instantiate $main (with "r" (instance
        (export "new" (func $new)) (export "rep" (func $rep)) (export "drop" (func $drop))))))
      (export $r' "r" (type $r))
      (func $make (result (own $r')) (canon lift (core func $main "make")))
      (func $look (param "self" (borrow $r')) (result u32) (canon lift (core func $main "look")))
      (export "[constructor]r" (func $make))
      (export "[method]r.look" (func $look))
      (export "[static]r.make" (func $make)))`
  ],
  [
    "nested components",
    `(component
      (import "host" (instance $host
        (export "r" (type $r (sub resource)))
        (type $item (record (field "n" u32)))
        (export "item" (type $item' (eq $item)))
        (export "f" (func (param "x" (own $r)) (param "i" $item') (result (list $item'))))))
      (component $inner
        (import "r" (type $r (sub resource)))
        (type $item (record (field "n" u32)))
        (import "item" (type $item' (eq $item)))
        (import "f" (func $f (param "x" (own $r)) (param "i" $item') (result (list $item'))))
        (export "r2" (type $r))
        (export "item2" (type $item'))
        (export "f" (func $f)))
      (instance $a (instantiate $inner
        (with "r" (type $host "r")) (with "item" (type $host "item")) (with "f" (func $host "f"))))
      (instance $b (instantiate $inner
        (with "r" (type $a "r2")) (with "item" (type $a "item2")) (with "f" (func $a "f"))))
      (instance $bag (export "g" (func $b "f")) (export "t" (type $b "item2")) (export "deep" (instance $b)))
      (component (import "x" (instance (export "g" (func)))))
      (alias export $bag "deep" (instance $deep))
      (export "deep" (instance $deep)))`
  ],
  [
    "components and core modules as values",
    `(component
      (core type $m (module
        (type $f (func (param i32) (result i32)))
        (import "a" "f" (func (type $f)))
        (import "a" "g" (global (mut i64)))
        (export "m" (memory 1 2))
        (export "t" (table 1 funcref))))
      (core type $f (func (param i32) (result i32)))
      (component $user
        (alias outer 1 $m (core type $m))
        (import "m" (core module $module (type $m)))
        (import "c" (component $c
          (import "in" (type $r (sub resource)))
          (export "out" (type (eq $r)))
          (export "f" (func (param "x" (own $r))))))
        (type $r (resource (rep i32)))
        (instance $made (instantiate $c (with "in" (type $r))))
        (alias export $made "out" (type $same))
        (core func (canon resource.new $same))
        (core module $env
          (func (export "f") (param i32) (result i32) (local.get 0))
          (global (export "g") (mut i64) (i64.const 0)))
        (core instance $env (instantiate $env))
        (core instance $i (instantiate $module (with "a" (instance $env))))
        (alias core export $i "m" (core memory $memory))
        (alias core export $i "t" (core table $table))
        (core instance (export "m" (memory $memory)) (export "t" (table $table))))
      (core module $given
        (import "a" "f" (func (param i32) (result i32)))
        (memory (export "m") 1 2)
        (table (export "t") 2 3 funcref)
        (func (export "more")))
      (component $small
        (import "in" (type $r (sub resource)))
        (core func $drop (canon resource.drop $r))
        (func $f (param "x" (own $r)) (canon lift (core func $drop)))
        (export "out" (type $r))
        (export "f" (func $f)))
      (instance (instantiate $user (with "m" (core module $given)) (with "c" (component $small)))))`
  ],
  [
    "types of every kind",
    `(component
      (type $c (component
        (type $e (enum "a" "b"))
        (import "e" (type $e' (eq $e)))
        (import "f" (func (param "x" $e')))
        (export "i" (instance $i
          (export "r" (type $r (sub resource)))
          (export "[constructor]r" (func (result (own $r))))
          (export "[method]r.m" (func (param "self" (borrow $r)) (result (option string))))))
        (alias export $i "r" (type $r))
        (export "g" (func (param "x" (own $r)) (result (result $e' (error string)))))))
      (type $i (instance (alias outer 1 $c (type $c)) (export "c" (component (type $c)))))
      (type $v (variant (case "x" (tuple u8 s64)) (case "y")))
      (type $fl (flags "a" "b" "c"))
      (type $f (func (param "v" string) (result (list f32))))
      (export "f" (type $f))
      (export $v' "v" (type $v))
      (export $fl' "fl" (type $fl))
      (type $both (record (field "v" $v') (field "fl" (option $fl'))))
      (export "both" (type $both))
      (component (alias outer 1 $i (type $i)) (import "x" (instance (type $i)))))`
  ],
  [
    "types that are given to exports",
    `(component
      (component $c
        (type $r (record (field "n" u32)))
        (export $r' "r" (type $r))
        (core module $m (func (export "f") (param i32)) (func (export "g")))
        (core instance $i (instantiate $m))
        (func $f (param "x" $r') (canon lift (core func $i "f")))
        (func $g (canon lift (core func $i "g")))
        (export "f" (func $f) (func (param "x" $r')))
        (export "g" (func $g)))
      (instance $i (instantiate $c))
      (export "i" (instance $i) (instance
        (type $r (record (field "n" u32)))
        (export "r" (type $r' (eq $r)))
        (export "f" (func (param "x" $r'))))))`
  ]
])
