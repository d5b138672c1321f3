/** Built-in aggregate functions (without ordered-set ones, which WITHIN GROUP gives away). */
export const aggregateNames: ReadonlySet<string> = new Set(
  ('count sum avg min max array_agg string_agg bool_and bool_or every bit_and bit_or bit_xor json_agg jsonb_agg json_object_agg jsonb_object_agg ' +
  'json_agg_strict jsonb_agg_strict json_object_agg_unique jsonb_object_agg_unique xmlagg range_agg range_intersect_agg any_value stddev stddev_pop stddev_samp ' +
  'variance var_pop var_samp corr covar_pop covar_samp regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy').split(' '),
);
