"""Room tools. In: nothing -> Out: the functions and types that a person's SQL may use; what is not listed is refused.

A new DuckDB brings new functions. They stay closed until somebody has read what they do and adds them here.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


OPERATORS = _words("+ - * / // % ** ^ & | << >> ~ @ || ^@ ~~ !~~ ~~* !~~* ~~~")

ROW_NUMBERS = _words("""
    abs acos asin atan atan2 cbrt ceil ceiling cos cot degrees even exp fdiv floor fmod greatest isfinite isinf isnan
    least ln log log10 log2 mod pi pow power radians round round_even sign sin sqrt tan trunc
""")
ROW_TEXT = _words("""
    ascii char_length character_length concat concat_ws contains ends_with ilike_escape instr lcase left len length
    like_escape lower ltrim not_ilike_escape not_like_escape position prefix regexp_extract regexp_full_match
    regexp_matches reverse right rtrim split_part starts_with strip_accents strlen strpos substr substring suffix
    translate trim ucase unicode upper
""")
ROW_TIME = _words("""
    century date_add date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname dayofmonth
    dayofweek dayofyear decade epoch epoch_ms epoch_us hour isodow isoyear last_day make_date make_time make_timestamp
    microsecond millisecond minute month monthname quarter second strftime strptime time_bucket to_days to_hours
    to_microseconds to_milliseconds to_minutes to_months to_seconds to_timestamp to_weeks to_years trunc try_strptime
    week weekday weekofyear year yearweek
""")
ROW_CHOICE = _words("if nullif")

ROW_FUNCTIONS = OPERATORS | ROW_NUMBERS | ROW_TEXT | ROW_TIME | ROW_CHOICE
"""What a rule may use: one row in, one value out, the same tomorrow, no larger than what went in."""

CLOCK = _words("""
    age ago current_date current_localtime current_localtimestamp get_current_time get_current_timestamp now today
    transaction_timestamp
""")
CLOCK_WORDS = _words("current_date current_time current_timestamp localtime localtimestamp")
CHANCE = _words("gen_random_uuid random reservoir_quantile uuid uuidv4 uuidv7")

AGGREGATES = _words("""
    any_value approx_count_distinct approx_quantile approx_top_k arbitrary arg_max arg_max_null arg_min arg_min_null
    argmax argmin array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count count_if count_star countif
    covar_pop covar_samp entropy favg first fsum geomean geometric_mean group_concat histogram histogram_exact
    json_group_array json_group_object kahan_sum kurtosis kurtosis_pop last list listagg mad max max_by mean median min
    min_by mode product quantile quantile_cont quantile_disc regr_avgx regr_avgy regr_count regr_intercept regr_r2
    regr_slope regr_sxx regr_sxy regr_syy sem skewness stddev stddev_pop stddev_samp string_agg sum sumkahan var_pop
    var_samp variance wavg weighted_avg
""")
WINDOWS = _words("""
    cume_dist dense_rank fill first_value lag last_value lead nth_value ntile percent_rank rank rank_dense row_number
""")

MORE_NUMBERS = _words("""
    acosh add asinh atanh bar bin bit_count bit_length cosh divide equi_width_bins factorial formatreadablesize
    format_bytes gamma gcd greatest_common_divisor lcm least_common_multiple lgamma multiply nextafter
    signbit sinh subtract tanh to_base xor
""")
MORE_TEXT = _words("""
    base64 chr damerau_levenshtein decode editdist3 encode format from_base64 from_hex hamming hash hex jaccard
    jaro_similarity jaro_winkler_similarity left_grapheme length_grapheme levenshtein lpad md5 mismatches
    nfc_normalize octet_length ord overlay printf regexp_escape regexp_extract_all regexp_replace
    regexp_split_to_array regexp_split_to_table repeat replace right_grapheme rpad sha1 sha256 split str_split
    str_split_regex string_split string_split_regex string_to_array substring_grapheme to_base64 to_binary to_hex
    unbin unhex url_decode url_encode
""")
MORE_TIME = _words("""
    days_in_month epoch_ns era generate_series generate_subscripts julian make_timestamp_ms make_timestamp_ns
    make_timestamptz millennium nanosecond normalized_interval range timezone timezone_hour timezone_minute
    to_centuries to_decades to_millennia to_quarters
""")
NESTED = _words("""
    && -> ->> <-> <=> <@ @> array_append array_apply array_cat array_concat array_contains
    array_cosine_distance array_cosine_similarity array_cross_product array_distance array_distinct array_dot_product
    array_extract array_filter array_grade_up array_has array_has_all array_has_any array_indexof array_inner_product
    array_intersect array_length array_negative_dot_product array_negative_inner_product array_pop_back
    array_pop_front array_position array_prepend array_push_back array_push_front array_reduce array_resize
    array_reverse array_reverse_sort array_select array_slice array_sort array_to_json array_to_string
    array_to_string_comma_default array_transform array_unique array_value array_where array_zip apply cardinality
    element_at filter flatten grade_up json json_array json_array_length json_contains json_exists json_extract
    json_extract_path json_extract_path_text json_extract_string json_keys json_object json_pretty json_quote
    json_structure json_type json_valid json_value from_json from_json_strict json_transform json_transform_strict
    list_any_value list_append list_apply list_approx_count_distinct list_avg list_bool_and
    list_bool_or list_cat list_concat list_contains list_cosine_distance list_cosine_similarity list_count
    list_distance list_distinct list_dot_product list_element list_entropy list_extract list_filter list_first
    list_grade_up list_has list_has_all list_has_any list_histogram list_indexof list_inner_product list_intersect
    list_last list_mad list_max list_median list_min list_mode list_negative_dot_product list_negative_inner_product
    list_pack list_position list_prepend list_product list_reduce list_resize list_reverse list_reverse_sort
    list_select list_slice list_sort list_stddev_pop list_stddev_samp list_string_agg list_sum list_transform
    list_unique list_value list_var_pop list_var_samp list_where list_zip map map_concat map_contains
    map_contains_entry map_contains_value map_entries map_extract map_extract_value map_from_entries map_keys
    map_values reduce row row_to_json struct_concat struct_extract struct_extract_at struct_insert struct_keys
    struct_pack struct_update struct_values to_json unnest unpivot_list
""")
MORE_CHOICE = _words("alias constant_or_null error switch typeof")

SELECT_FUNCTIONS = (
    ROW_FUNCTIONS | CLOCK | CHANCE | AGGREGATES | WINDOWS | MORE_NUMBERS | MORE_TEXT | MORE_TIME | NESTED | MORE_CHOICE
)
"""What a SELECT may use: nothing here reads a file, a setting, the catalogue, the environment or the network."""

TABLE_FUNCTIONS = _words("generate_series range unnest")

ROW_TYPES = _words("""
    bigint bool boolean char date datetime dec decimal double float float4 float8 int int1 int2 int4 int8 integer
    interval logical long numeric real short smallint string text time timestamp timestamptz tinyint varchar
""") | {"timestamp with time zone", "double precision", "character varying"}
SELECT_TYPES = (
    ROW_TYPES
    | _words("""
    array blob hugeint json list map struct timestamp_ms timestamp_ns timestamp_s ubigint uhugeint uinteger union
    usmallint utinyint uuid
""")
    | {"time with time zone"}
)
