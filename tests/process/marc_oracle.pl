#!/usr/bin/perl
# A second implementation of marc_map for records of ISO 2709, over MARC::Record and MARC::Charset.
#   marc_oracle.pl RULES.json RECORDS.mrc FOLDER
# Each entity in FOLDER must be what this makes of the record of its name, character by character;
# prints how many there are. It knows of the rules what those that ship need.
use strict;
use warnings;
use JSON::PP;
use MARC::Charset qw(marc8_to_utf8);
use MARC::Record;
use Unicode::Normalize qw(NFC);

my ($rules_file, $records_file, $folder) = @ARGV;
MARC::Charset->ignore_errors(1);
my $json = JSON::PP->new->utf8->canonical;

sub content_of {
  open(my $file, '<:raw', $_[0]) or die "$_[0]: $!";
  local $/;
  return scalar <$file>;
}

my $rules = $json->decode(content_of($rules_file));

sub value_of {
  my ($part, $value) = @_;
  for my $rule (@{$part->{rules} || []}) {
    for my $condition (@{$rule->{conditions}}) {
      my $parameter = $condition->{parameter};
      for my $name (split /\s*,\s*/, $condition->{type}) {
        if ($name eq 'trim') { $value =~ s/^\s+|\s+$//g; }
        elsif ($name eq 'char_select') {
          $value = substr($value, $parameter->{from}, $parameter->{to} - $parameter->{from});
        }
        elsif ($name =~ /^set_.*_by_name$|^set_authority_note_type_id$/) {
          $value = $parameter->{name};
        }
        else { die "the rules name $name"; }
      }
    }
  }
  return $value;
}

sub put {
  my ($entity, $part, $value, $open) = @_;
  return if $value eq '';
  my $target = $part->{target};
  if ($target =~ /^(\w+)\.(\w+)$/) {
    push @{$entity->{$1}}, $open->{$1} = {} unless $open->{$1};
    $open->{$1}{$2} = $value;
  }
  elsif ($target =~ /^sa?ft/) { push @{$entity->{$target}}, $value; }
  else { $entity->{$target} = $value; }
}

sub map_field {
  my ($entity, $tag, $subfields) = @_;
  my %has = map { $_->[0] => 1 } @$subfields;
  my %of_field;
  for my $mapping (@{$rules->{$tag} || []}) {
    my @parts = @{$mapping->{entity} || [$mapping]};
    next if grep { my $p = $_; grep { !$has{$_} } @{$p->{requiredSubfield} || []} } @parts;
    next if grep { my $p = $_; grep { $has{$_} } @{$p->{exclusiveSubfield} || []} } @parts;
    my @groups = $mapping->{entityPerRepeatedSubfield} ? map { [$_] } @$subfields : ($subfields);
    for my $group (@groups) {
      my (@values, $any);
      for my $part (@parts) {
        my %wanted = map { $_ => 1 } @{$part->{subfield}};
        my @texts = map { $_->[1] } grep { $wanted{$_->[0]} } @$group;
        my $joined = $part->{applyRulesOnConcatenatedData} || !%wanted;
        my $value = $joined ? join(' ', @texts) : join(' ', map { value_of($part, $_) } @texts);
        $value = value_of($part, $value) if $joined && (@texts || !%wanted);
        $any ||= %wanted && $value ne '';
        push @values, $value;
      }
      next unless $any;
      my $open = $mapping->{entity} ? {} : \%of_field;
      put($entity, $parts[$_], $values[$_], $open) for 0 .. $#parts;
    }
  }
}

my %expected;
for my $bytes (split /(?<=\x1D)/, content_of($records_file)) {
  local $SIG{__WARN__} = sub { };
  my $record = eval { MARC::Record->new_from_usmarc($bytes) } or next;
  my $is_utf8 = substr($bytes, 9, 1) eq 'a';
  my $text = sub {
    my $raw = shift;
    return NFC($is_utf8 ? $raw : marc8_to_utf8($raw));
  };
  my $name = $record->field('001') or next;
  my %entity = (source => 'MARC');
  for my $field ($record->fields) {
    if ($field->is_control_field) {
      my %open;
      put(\%entity, $_, value_of($_, $text->($field->data)), \%open)
        for @{$rules->{$field->tag} || []};
    }
    else {
      map_field(\%entity, $field->tag, [map { [$_->[0], $text->($_->[1])] } $field->subfields]);
    }
  }
  $entity{id} //= $name->data;
  $expected{$name->data} = \%entity;
}

sub normal {
  my $value = shift;
  return {map { $_ => normal($value->{$_}) } keys %$value} if ref $value eq 'HASH';
  return [map { normal($_) } @$value] if ref $value eq 'ARRAY';
  return NFC($value);
}

my $agreed = 0;
for my $file (glob "$folder/*_entity") {
  for my $line (split /\n/, content_of($file)) {
    my $found = $json->encode(normal($json->decode($line)));
    my $name = $json->decode($line)->{id};
    my $wanted = $expected{$name} ? $json->encode($expected{$name}) : 'nothing';
    if ($found ne $wanted) {
      print "$file: found $found\nwanted $wanted\n";
      exit 1;
    }
    ++$agreed;
  }
}
print "$agreed entities are the same\n";
