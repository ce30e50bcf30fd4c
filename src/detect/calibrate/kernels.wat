;; The calibration kernels. Their bytes are in kernels-wasm.ts; after a change write them anew:
;;   npx -p wabt wat2wasm src/detect/calibrate/kernels.wat -o /dev/stdout | base64 -w 100
(module
  ;; 64 KiB for the operands of matmul and dot, behind them 32 MiB to read through.
  (memory (export "memory") 513)

  ;; C = A B for square fp32 matrices by rows, n a multiple of 8. A tile of 4 x 8 stays in 8 registers, so that
  ;; enough independent sums are under way to hide the latency of an addition.
  (func (export "matmul") (param $a i32) (param $b i32) (param $c i32) (param $n i32)
    (local $row i32) (local $i i32) (local $j i32) (local $k i32) (local $left i32) (local $right i32) (local $out i32)
    (local $b0 v128) (local $b1 v128) (local $x v128)
    (local $c00 v128) (local $c01 v128) (local $c10 v128) (local $c11 v128)
    (local $c20 v128) (local $c21 v128) (local $c30 v128) (local $c31 v128)
    (local.set $row (i32.shl (local.get $n) (i32.const 2)))
    (loop $rows
      (local.set $j (i32.const 0))
      (loop $columns
        (local.set $c00 (v128.const i32x4 0 0 0 0)) (local.set $c01 (v128.const i32x4 0 0 0 0))
        (local.set $c10 (v128.const i32x4 0 0 0 0)) (local.set $c11 (v128.const i32x4 0 0 0 0))
        (local.set $c20 (v128.const i32x4 0 0 0 0)) (local.set $c21 (v128.const i32x4 0 0 0 0))
        (local.set $c30 (v128.const i32x4 0 0 0 0)) (local.set $c31 (v128.const i32x4 0 0 0 0))
        (local.set $left (i32.add (local.get $a) (i32.mul (local.get $i) (local.get $row))))
        (local.set $right (i32.add (local.get $b) (i32.shl (local.get $j) (i32.const 2))))
        (local.set $k (i32.const 0))
        (loop $products
          (local.set $b0 (v128.load (local.get $right)))
          (local.set $b1 (v128.load offset=16 (local.get $right)))
          (local.set $out (local.get $left))
          (local.set $x (v128.load32_splat (local.get $out)))
          (local.set $c00 (f32x4.add (local.get $c00) (f32x4.mul (local.get $x) (local.get $b0))))
          (local.set $c01 (f32x4.add (local.get $c01) (f32x4.mul (local.get $x) (local.get $b1))))
          (local.set $out (i32.add (local.get $out) (local.get $row)))
          (local.set $x (v128.load32_splat (local.get $out)))
          (local.set $c10 (f32x4.add (local.get $c10) (f32x4.mul (local.get $x) (local.get $b0))))
          (local.set $c11 (f32x4.add (local.get $c11) (f32x4.mul (local.get $x) (local.get $b1))))
          (local.set $out (i32.add (local.get $out) (local.get $row)))
          (local.set $x (v128.load32_splat (local.get $out)))
          (local.set $c20 (f32x4.add (local.get $c20) (f32x4.mul (local.get $x) (local.get $b0))))
          (local.set $c21 (f32x4.add (local.get $c21) (f32x4.mul (local.get $x) (local.get $b1))))
          (local.set $out (i32.add (local.get $out) (local.get $row)))
          (local.set $x (v128.load32_splat (local.get $out)))
          (local.set $c30 (f32x4.add (local.get $c30) (f32x4.mul (local.get $x) (local.get $b0))))
          (local.set $c31 (f32x4.add (local.get $c31) (f32x4.mul (local.get $x) (local.get $b1))))
          (local.set $left (i32.add (local.get $left) (i32.const 4)))
          (local.set $right (i32.add (local.get $right) (local.get $row)))
          (br_if $products (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 1))) (local.get $n))))
        (local.set $out
          (i32.add
            (i32.add (local.get $c) (i32.shl (local.get $j) (i32.const 2)))
            (i32.mul (local.get $i) (local.get $row))))
        (v128.store (local.get $out) (local.get $c00))
        (v128.store offset=16 (local.get $out) (local.get $c01))
        (local.set $out (i32.add (local.get $out) (local.get $row)))
        (v128.store (local.get $out) (local.get $c10))
        (v128.store offset=16 (local.get $out) (local.get $c11))
        (local.set $out (i32.add (local.get $out) (local.get $row)))
        (v128.store (local.get $out) (local.get $c20))
        (v128.store offset=16 (local.get $out) (local.get $c21))
        (local.set $out (i32.add (local.get $out) (local.get $row)))
        (v128.store (local.get $out) (local.get $c30))
        (v128.store offset=16 (local.get $out) (local.get $c31))
        (br_if $columns (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 8))) (local.get $n))))
      (br_if $rows (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (local.get $n)))))

  ;; Sum of the products of two int8 vectors, length a multiple of 16.
  (func (export "dot") (param $a i32) (param $b i32) (param $length i32) (result i32)
    (local $end i32) (local $x v128) (local $y v128) (local $low v128) (local $high v128)
    (local.set $end (i32.add (local.get $a) (local.get $length)))
    (loop $blocks
      (local.set $x (v128.load (local.get $a)))
      (local.set $y (v128.load (local.get $b)))
      (local.set $low
        (i32x4.add (local.get $low)
          (i32x4.extadd_pairwise_i16x8_s (i16x8.extmul_low_i8x16_s (local.get $x) (local.get $y)))))
      (local.set $high
        (i32x4.add (local.get $high)
          (i32x4.extadd_pairwise_i16x8_s (i16x8.extmul_high_i8x16_s (local.get $x) (local.get $y)))))
      (local.set $b (i32.add (local.get $b) (i32.const 16)))
      (br_if $blocks (i32.lt_u (local.tee $a (i32.add (local.get $a) (i32.const 16))) (local.get $end))))
    (call $sum (i32x4.add (local.get $low) (local.get $high))))

  ;; Sum of all int32 of a range, its bytes a multiple of 64: nothing but reading.
  (func (export "read") (param $from i32) (param $bytes i32) (result i32)
    (local $end i32) (local $s0 v128) (local $s1 v128) (local $s2 v128) (local $s3 v128)
    (local.set $end (i32.add (local.get $from) (local.get $bytes)))
    (loop $lines
      (local.set $s0 (i32x4.add (local.get $s0) (v128.load (local.get $from))))
      (local.set $s1 (i32x4.add (local.get $s1) (v128.load offset=16 (local.get $from))))
      (local.set $s2 (i32x4.add (local.get $s2) (v128.load offset=32 (local.get $from))))
      (local.set $s3 (i32x4.add (local.get $s3) (v128.load offset=48 (local.get $from))))
      (br_if $lines (i32.lt_u (local.tee $from (i32.add (local.get $from) (i32.const 64))) (local.get $end))))
    (call $sum
      (i32x4.add
        (i32x4.add (local.get $s0) (local.get $s1))
        (i32x4.add (local.get $s2) (local.get $s3)))))

  (func $sum (param $lanes v128) (result i32)
    (i32.add
      (i32.add (i32x4.extract_lane 0 (local.get $lanes)) (i32x4.extract_lane 1 (local.get $lanes)))
      (i32.add (i32x4.extract_lane 2 (local.get $lanes)) (i32x4.extract_lane 3 (local.get $lanes))))))
